import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareKeys, segmentFault } from '../key.ts';
import type { ObjectInfo } from '../store.ts';
import type { FileContext } from './context.ts';
import { errnoOf, explained } from './fault.ts';
import { describeObject } from './object.ts';

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (thrown) {
    // Removed since its parent was read, or a store that has no object yet.
    if (errnoOf(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

/** A folder's objects all begin with its name and "/", which is how it sorts among the files beside it. */
const sortName = (entry: Dirent): string => (entry.isDirectory() ? `${entry.name}/` : entry.name);

/**
 * Objects in the order of their keys. Symlinks, devices, the driver's own folder and names that no key can have are not
 * objects. Folders that cannot hold the prefix are not read.
 */
export async function* listObjects(context: FileContext, prefix: string, folder = ''): AsyncGenerator<ObjectInfo> {
  const where = { store: context.store, key: folder || undefined };
  const entries = await explained('list', where, () => entriesOf(join(context.layout.root, folder)));
  const named = entries.filter((entry) => segmentFault(entry.name) === undefined);
  for (const name of named.map(sortName).toSorted(compareKeys)) {
    const key = `${folder}${name}`;
    if (name.endsWith('/')) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* listObjects(context, prefix, key);
    } else if (key.startsWith(prefix)) {
      const found = await explained('list', { ...where, key }, () => describeObject(context, key));
      if (found) yield found.info;
    }
  }
}
