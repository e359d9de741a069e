import { constants } from 'node:fs';
import { access, lstat, mkdir, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exitCodes } from '../../errors.ts';
import { StoreError } from '../store.ts';
import type { FileContext } from './context.ts';
import { errnoOf } from './fault.ts';
import type { Layout } from './layout.ts';

/** Removes folders that became empty, up to the root. A concurrent writer creates its folder again. */
export async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== root && at.startsWith(root); at = dirname(at)) {
    try {
      await rmdir(at);
    } catch (thrown) {
      // Another removal was quicker with this one, and may not have seen the one above it empty.
      if (errnoOf(thrown) !== 'ENOENT') return;
    }
  }
}

/** Makes the driver's own folders, and refuses to write through a symlink that someone put in their place. */
export async function makeOwnFolders(context: FileContext): Promise<void> {
  const { layout, store } = context;
  for (const folder of ownFolders(layout)) {
    await mkdir(folder, { recursive: true });
    if ((await lstat(folder)).isSymbolicLink()) refuseSymlink(store, undefined, folder);
  }
  context.prepared = true;
}

/**
 * Looks once whether this user may write what every write needs: folders of another user would let some keys through, by
 * the slot of their lock, and refuse others in the middle of a publish. Throws the system's refusal.
 */
export async function assertWritable({ layout }: FileContext): Promise<void> {
  const locks = await readdir(layout.locks).catch(() => []);
  for (const path of [...ownFolders(layout), ...locks.map((name) => join(layout.locks, name))]) {
    await access(path, constants.W_OK).catch((thrown) => {
      if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    });
  }
}

const ownFolders = (layout: Layout): string[] => [
  dirname(layout.notes),
  layout.temporaries,
  layout.notes,
  layout.locks,
];

function refuseSymlink(store: string, key: string | undefined, path: string): never {
  throw new StoreError('bad-key', exitCodes.usage, `${key ?? store} would pass through the symlink ${path}.`, {
    store,
    key,
    hint: 'A store holds plain files and folders only: replace the symlink by what it points to.',
  });
}

export type Found = 'nothing' | 'object' | 'folder' | 'below-an-object' | 'something-else';

/**
 * What is at the key; checks each part of the path. A symlink is refused wherever it points (StoreError `bad-key`): one
 * that leaves the root would let a key reach any file, one that stays inside gives an object two names and two locks.
 */
export async function whatIsAt({ layout, store }: FileContext, key: string): Promise<Found> {
  const segments = key.split('/');
  let path = layout.root;
  for (const [index, segment] of segments.entries()) {
    path = join(path, segment);
    const last = index === segments.length - 1;
    const found = await lstat(path).catch((thrown) => {
      if (errnoOf(thrown) === 'ENOENT') return undefined;
      throw thrown;
    });
    if (!found) return 'nothing';
    if (found.isSymbolicLink()) refuseSymlink(store, key, path);
    if (last) return found.isFile() ? 'object' : found.isDirectory() ? 'folder' : 'something-else';
    if (!found.isDirectory()) return 'below-an-object';
  }
  return 'nothing';
}
