import { access, link, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { LoadError } from '../model/load-error.ts';
import { openFileReader } from '../readers/file.ts';
import { uniqueId } from '../unique-id.ts';
import { type Objects, unlessGone } from './objects.ts';

/**
 * Objects as plain files of a folder, which stands for the bucket. Its calls throw LoadError where the folder cannot be
 * read or written.
 */
export const openObjects = (): Objects => ({
  scheme: 'file',
  exists: (folder, key) =>
    access(join(folder, key)).then(
      () => true,
      () => false,
    ),
  read: ({ bucket, key }) => unlessGone(async () => (await openFileReader(bucket).read(key)).body),
  create: (folder, key, body) => create(join(folder, key), body),
});

/** Written apart and linked into its place: link(2) refuses to replace, and nobody sees a part of it. */
async function create(path: string, body: Uint8Array): Promise<boolean> {
  const temporary = `${path}.${uniqueId()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, body);
    await link(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    const denied = code === 'EACCES' || code === 'EPERM';
    const kind = denied ? 'store-denied' : 'store-unavailable';
    throw new LoadError(kind, `Writing ${path} failed (${code ?? 'unknown'}).`, error);
  } finally {
    await rm(temporary, { force: true });
  }
}
