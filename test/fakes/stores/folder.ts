import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { StoreSettings } from '../../../src/config/types.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { openStore } from '../../../src/stores/open.ts';
import type { Store } from '../../../src/stores/store.ts';

export interface StoreFolder {
  /** The root of the store; made by the first write. */
  root: string;
  /** A folder around the root, for what should lie outside the store. */
  around: string;
  settings: StoreSettings;
  close(): Promise<void>;
}

/** A folder for a file store of its own, with a name that needs escaping in a URL. */
export async function temporaryStore(): Promise<StoreFolder> {
  const around = await mkdtemp(join(tmpdir(), 'coldgate-store-'));
  const root = join(around, 'models 100% #1');
  const close = () => rm(around, { recursive: true, force: true });
  return { root, around, settings: { url: pathToFileURL(root).href }, close };
}

/** Empty stores that need no server, by kind. */
export const embeddedStores: Record<string, () => Promise<{ store: Store; close: () => Promise<void> }>> = {
  memory: async () => ({ store: openMemoryStore(), close: async () => {} }),
  file: async () => {
    const { settings, close } = await temporaryStore();
    return { store: await openStore(settings), close };
  },
};
