import { readdir, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';

/** Entries unused for this long are removed and made again when needed, ms. */
const unusedMs = 30 * 24 * 3600 * 1000;

/**
 * Notes that an entry of a cache folder is in use, and removes those that have not been for a month: each build of the
 * handler leaves 20 to 50 MB. Never throws: what cannot be removed now can be next time.
 */
export async function noteUse(dir: string, name: string, now: Date = new Date()): Promise<void> {
  await utimes(join(dir, name), now, now).catch(() => {});
  for (const other of await readdir(dir).catch(() => [])) {
    if (other === name) continue;
    const path = join(dir, other);
    const used = await stat(path).then(
      (found) => found.mtimeMs,
      () => Number.POSITIVE_INFINITY,
    );
    if (now.getTime() - used > unusedMs) await rm(path, { recursive: true, force: true }).catch(() => {});
  }
}
