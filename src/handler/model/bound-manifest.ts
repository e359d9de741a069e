import { sha256 } from '../../model/digest.ts';
import { fileKey, manifestKey } from '../../model/layout.ts';
import { type Artifact, externalFiles, type FileEntry, type Manifest, modelFile } from '../../model/manifest.ts';
import type { Reader, StoredDocument } from '../readers/reader.ts';
import { throughCopy } from '../readers/through-copy.ts';
import { LoadError, toLoadError } from './load-error.ts';
import type { ModelCache } from './model-cache.ts';
import { readDocument } from './read-document.ts';
import { checkManifest, type Resolved } from './resolve.ts';

type ReadWhole = (reader: Reader, key: string) => Promise<StoredDocument>;

const readLater: ReadWhole = (reader, key) => readDocument(reader, key, undefined);

/**
 * The manifest that a pointer commits to, after a check that both agree on the version, its model file and its
 * load-optimised forms. The function only receives a pointer; without this check it would report a digest that it has
 * never verified, where a form made from the model is loaded or the model is in the cache already. Undefined where
 * there is no manifest (MODEL_URI). Throws LoadError `checksum-mismatch` or `pointer-mismatch`, or what reading throws.
 */
export async function bindManifest(
  reader: Reader,
  cache: ModelCache,
  resolved: Resolved,
  read = readLater,
): Promise<Manifest | undefined> {
  const { name, version, manifestSha256 } = resolved;
  if (resolved.manifest || manifestSha256 === undefined) return resolved.manifest;
  let manifest = readKnown(cache, manifestSha256, resolved);
  if (!manifest) {
    const key = manifestKey(name, version);
    const bytes = await readVerified(reader, key, manifestSha256, read);
    manifest = readManifest(bytes, resolved);
    cache.keepDocument(manifestSha256, bytes);
  }
  expectSame(resolved, manifest);
  return manifest;
}

/** What is in the cache but cannot be used is read again. */
function readKnown(cache: ModelCache, digest: string, resolved: Resolved): Manifest | undefined {
  const bytes = cache.findDocument(digest);
  try {
    return bytes && readManifest(bytes, resolved);
  } catch {
    return undefined;
  }
}

function readManifest(bytes: Uint8Array, { name, version }: Resolved): Manifest {
  try {
    return checkManifest(bytes, name, version);
  } catch (error) {
    throw toLoadError(error, 'document-unusable', manifestKey(name, version));
  }
}

/** A document of a known digest. Throws LoadError `checksum-mismatch`, or what reading throws. */
export const readVerified = (reader: Reader, key: string, digest: string, read = readLater): Promise<Uint8Array> =>
  throughCopy(reader, async (from) => {
    const { bytes } = await read(from, key);
    expectDigest(key, bytes, digest);
    return bytes;
  });

function expectDigest(key: string, bytes: Uint8Array, expected: string): void {
  const got = sha256(bytes);
  if (got === expected) return;
  throw new LoadError('checksum-mismatch', `${key} is not what was published: expected ${expected}, got ${got}.`);
}

function expectSame(pointer: Resolved, manifest: Manifest): void {
  const file = modelFile(manifest);
  const differs = [
    pointer.key !== fileKey(pointer.name, pointer.version, file.path) && 'file',
    pointer.sha256 !== file.sha256 && 'sha256',
    pointer.size !== file.size && 'size',
    describe(pointer.artifacts) !== describe(manifest.artifacts) && 'artifacts',
    // Pointers of earlier releases name no such files.
    pointer.data.length > 0 && describe(pointer.data) !== describe(externalFiles(manifest)) && 'files',
  ].filter((field) => field !== false);
  if (differs.length === 0) return;
  const what = `The pointer of ${pointer.name} and the manifest of ${pointer.version} differ in ${differs.join(', ')}`;
  throw new LoadError('pointer-mismatch', `${what}; promote a version, so that the pointer is rewritten.`);
}

/** What is loaded by, and nothing that another release may have added. */
const describe = (entries: readonly (FileEntry & Partial<Artifact>)[]): string =>
  JSON.stringify(
    entries.map(({ path, sha256: hex, size, kind, runtime_version }) => [path, hex, size, kind, runtime_version]),
  );
