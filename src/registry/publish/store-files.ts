import { sideBySide } from '../../side-by-side.ts';
import type { VersionContents } from '../version/contents.ts';
import { besideEachOther, isSmall } from './claim.ts';
import type { WatchedFile } from './local-file.ts';
import { type Destination, type StoredFile, storeFile, type Turn } from './store-file.ts';

/**
 * Stores the files one after the other in the order of their paths, so that of several publishers with different bytes
 * exactly one gets past the first file that differs: no two can block each other. Under a claim, `alone`, the small ones
 * come first, side by side. Throws what storeFile throws.
 */
export async function storeFiles(
  to: Destination,
  files: readonly WatchedFile[],
  contents: VersionContents,
  alone: boolean,
): Promise<StoredFile[]> {
  const store = (file: WatchedFile, turn?: Turn) => storeFile(to, file, contents.objects.get(file.path), turn);
  const small = alone ? files.filter(isSmall) : [];
  const stored = await sideBySide(small, besideEachOther, (file) => store(file));
  const others = files.filter((file) => !small.includes(file));
  // Over a network the parts of one file fill the line, and the memory that two would need.
  if (to.store.scheme === 'file') stored.push(...(await behindEachOther(others, store)));
  else for (const file of others) stored.push(await store(file));
  return stored.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
}

/**
 * Reads a file while the one before it is on its way from memory to the disk, where the processor would wait; of no file
 * more is to be seen than if each waited for the one before.
 */
async function behindEachOther(
  files: readonly WatchedFile[],
  store: (file: WatchedFile, turn: Turn) => Promise<StoredFile>,
): Promise<StoredFile[]> {
  const all: Promise<StoredFile>[] = [];
  let failed = false;
  for (const file of files) {
    // Not a third one.
    await all.at(-2)?.catch(() => {});
    if (failed) break;
    const read = Promise.withResolvers<void>();
    const storing = store(file, { before: all.at(-1) ?? Promise.resolve(), read: read.resolve });
    all.push(storing);
    const settled = storing.then(
      () => {},
      () => {
        failed = true;
      },
    );
    await Promise.race([read.promise, settled]);
  }
  // Nothing is under way any more when the first failure is thrown.
  await Promise.allSettled(all);
  return Promise.all(all);
}
