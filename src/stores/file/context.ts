import { link } from 'node:fs/promises';
import { FolderSyncs } from './folder-syncs.ts';
import type { Layout } from './layout.ts';
import type { FileStep } from './steps.ts';

/** What differs in tests, and nowhere else. */
export interface FileStoreOptions {
  /** Called as each step has been passed. */
  onStep?: ((step: FileStep) => void) | undefined;
  /** How long a write waits for another process that holds the key's lock, in ms. */
  lockWaitMs?: number | undefined;
  /** link(2); file systems without it refuse. */
  link?: ((existing: string, path: string) => Promise<void>) | undefined;
}

/** What every part of the driver needs to know of the store that it works for. */
export interface FileContext {
  layout: Layout;
  /** The store's URL, for messages. */
  store: string;
  onStep: (step: FileStep) => void;
  lockWaitMs: number;
  link: (existing: string, path: string) => Promise<void>;
  /** Whether the driver's own folders were made and looked at. */
  prepared: boolean;
  syncs: FolderSyncs;
}

export function contextOf(layout: Layout, store: string, options: FileStoreOptions): FileContext {
  return {
    layout,
    store,
    onStep: options.onStep ?? (() => {}),
    // A healthy holder needs milliseconds; half a minute also covers a slow network disk's fsync.
    lockWaitMs: options.lockWaitMs ?? 30_000,
    link: options.link ?? link,
    prepared: false,
    syncs: new FolderSyncs(),
  };
}
