import { linkSync, unlinkSync, writeFileSync } from 'node:fs';
import { access, link, mkdir, unlink, writeFile } from 'node:fs/promises';
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

/** Up to so many bytes in place: handing a file to another thread costs several times the CPU of the work. */
const smallBytes = 16_384;

/** Written apart and linked into its place: link(2) refuses to replace, and nobody sees a part of it. */
async function create(path: string, body: Uint8Array): Promise<boolean> {
  const temporary = `${path}.${uniqueId()}.tmp`;
  try {
    await write(temporary, body);
    if (body.byteLength <= smallBytes) linkSync(temporary, path);
    else await link(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    const denied = code === 'EACCES' || code === 'EPERM';
    const kind = denied ? 'store-denied' : 'store-unavailable';
    throw new LoadError(kind, `Writing ${path} failed (${code ?? 'unknown'}).`, error);
  } finally {
    if (body.byteLength > smallBytes) await unlink(temporary).catch(() => {});
    else removeIfThere(temporary);
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It was never made.
  }
}

/** Its folder is there but for the first time. */
async function write(path: string, body: Uint8Array): Promise<void> {
  try {
    if (body.byteLength <= smallBytes) writeFileSync(path, body);
    else await writeFile(path, body);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
  }
}
