import { IntegrityError } from '../../errors.ts';
import { sha256 } from '../../model/digest.ts';
import { manifestKey, manifestName, tombstoneName, versionPrefix } from '../../model/layout.ts';
import { type FileEntry, type Manifest, parseManifest } from '../../model/manifest.ts';
import { ShapeError } from '../../model/shape.ts';
import { NotFoundError, type ObjectInfo, readAll, type Store, type Token } from '../../stores/store.ts';
import { beingPruned, readTombstone, type Tombstone } from './tombstone.ts';

export interface StoredManifest {
  manifest: Manifest;
  /** As stored. */
  bytes: Uint8Array;
  /** Of the stored bytes. */
  sha256: string;
  token: Token;
}

/** What a listing of one version shows. */
export interface VersionListing {
  model: string;
  version: string;
  /** By path inside the version; without manifest and tombstone. */
  objects: Map<string, ObjectInfo>;
  manifest: ObjectInfo | undefined;
  tombstone: Tombstone | undefined;
}

export interface VersionContents extends VersionListing {
  /** Absent while the version is not complete: no one may read it. */
  stored: StoredManifest | undefined;
}

/** One listing, and one read more where there is a tombstone. */
export async function listVersion(store: Store, model: string, version: string): Promise<VersionListing> {
  const objects = new Map<string, ObjectInfo>();
  const prefix = versionPrefix(model, version);
  for await (const info of store.list(prefix)) objects.set(info.key.slice(prefix.length), info);
  const manifest = objects.get(manifestName);
  objects.delete(manifestName);
  const marked = objects.delete(tombstoneName);
  const tombstone = marked ? await readTombstone(store, model, version) : undefined;
  return { model, version, objects, manifest, tombstone };
}

/**
 * Lists the version, then reads its tombstone and its manifest, in this order: prune deletes the manifest first and the
 * tombstone last, so a version seen without a tombstone and with its manifest was not touched before the manifest was
 * read. Throws IntegrityError `manifest-unusable`, ConflictError `version-being-pruned` when the manifest vanished
 * between.
 */
export async function readVersion(store: Store, model: string, version: string): Promise<VersionContents> {
  const listing = await listVersion(store, model, version);
  const stored = listing.manifest ? await readManifest(store, model, version) : undefined;
  if (listing.manifest && !stored) {
    throw beingPruned(model, version, 'its manifest vanished while it was read', listing.tombstone);
  }
  return { ...listing, stored };
}

/** Undefined where there is none. Throws IntegrityError `manifest-unusable`. */
export async function readManifest(store: Store, model: string, version: string): Promise<StoredManifest | undefined> {
  try {
    const object = await store.get(manifestKey(model, version));
    const bytes = await readAll(object);
    return { manifest: checkManifest(bytes, model, version), bytes, sha256: sha256(bytes), token: object.info.token };
  } catch (error) {
    if (error instanceof NotFoundError) return undefined;
    throw error;
  }
}

function checkManifest(bytes: Uint8Array, model: string, version: string): Manifest {
  const key = manifestKey(model, version);
  const unusable = (why: string, cause?: unknown) =>
    new IntegrityError('manifest-unusable', `${key} cannot be used: ${why}`, {
      cause,
      hint: 'Something else than Coldgate wrote it. Publish the model under a new version.',
      data: { key, sha256: sha256(bytes) },
    });
  let manifest: Manifest;
  try {
    manifest = parseManifest(bytes);
  } catch (error) {
    if (error instanceof ShapeError) throw unusable(error.message, error);
    throw error;
  }
  if (manifest.name !== model || manifest.version !== version) {
    throw unusable(`expected the manifest of ${model} ${version}, got one of ${manifest.name} ${manifest.version}.`);
  }
  return manifest;
}

/** Throws IntegrityError `version-missing` naming the versions there are. */
export function requireManifest(contents: VersionContents): StoredManifest {
  const { model, version, objects, stored } = contents;
  if (stored) return stored;
  const left = objects.size > 0 ? ' Files of an unfinished publish lie there; publishing again completes it.' : '';
  throw new IntegrityError('version-missing', `${model} ${version} is not published: it has no manifest.${left}`, {
    hint: 'Publish it first, or see `coldgate status` for the versions there are.',
    data: { model, version },
  });
}

/** Files and artifacts of the manifest that are not there, or not of the size they should be. */
export function incomplete(contents: VersionListing, manifest: Manifest): FileEntry[] {
  return [...manifest.files, ...manifest.artifacts].filter((f) => contents.objects.get(f.path)?.size !== f.size);
}
