import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { IntegrityError } from '../errors.ts';
import { sha256 as digestOf } from './digest.ts';
import { digestIn } from './host-files.ts';
import type { PackageArchive, PackageFile } from './package-file.ts';
import { layerIn } from './runtime-layer.ts';
import { fileMatches } from './verified-folder.ts';

/**
 * The bytes of a package or layer, checked as they were read: the cache is a folder that others may write. Throws
 * IntegrityError `bad-zip` where they are not those of the digest.
 */
export async function readPackage({ path, sha256 }: { path: string; sha256: string }): Promise<Buffer> {
  const bytes = await readFile(path);
  const got = digestOf(bytes);
  if (got === sha256) return bytes;
  throw new IntegrityError('bad-zip', `${path} has changed: expected sha256 ${sha256}, got ${got}.`, {
    hint: 'Build it again: delete the file and run this once more.',
    data: { expected: sha256, got },
  });
}

/** A package that was built before, with its layer; undefined where either is no longer on this machine as it was. */
export async function cachedPackage(
  cacheDir: string,
  sha256: string,
  archive: PackageArchive = 'zip',
): Promise<PackageFile | undefined> {
  const folder = join(cacheDir, 'packages');
  if (archive !== 'zip') return cachedTarGz(join(folder, `${sha256}.tar.gz`), sha256);
  const path = join(folder, `${sha256}.zip`);
  try {
    const bytes = await readPackage({ path, sha256 });
    const size = bytes.byteLength;
    const layer = layerIn(bytes);
    if (!layer) return { path, sha256, size, contentDigest: digestIn(bytes) };
    const below = join(folder, `${layer.sha256}.zip`);
    return (await fileMatches(below, layer)) ? { path, sha256, size, layer: { ...layer, path: below } } : undefined;
  } catch {
    return undefined;
  }
}

async function cachedTarGz(path: string, sha256: string): Promise<PackageFile | undefined> {
  try {
    const bytes = await readPackage({ path, sha256 });
    return { path, sha256, size: bytes.byteLength, tarSha256: digestOf(gunzipSync(bytes)) };
  } catch {
    return undefined;
  }
}
