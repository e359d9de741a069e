import { sideBySide } from '../../side-by-side.ts';
import type { VersionContents } from '../version/contents.ts';
import { besideEachOther, isSmall } from './claim.ts';
import type { WatchedFile } from './local-file.ts';
import { type Destination, type StoredFile, storeFile } from './store-file.ts';

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
  const store = (file: WatchedFile) => storeFile(to, file, contents.objects.get(file.path));
  const small = alone ? files.filter(isSmall) : [];
  const stored = await sideBySide(small, besideEachOther, store);
  for (const file of files) if (!small.includes(file)) stored.push(await store(file));
  return stored.sort((a, b) => (a.entry.path < b.entry.path ? -1 : 1));
}
