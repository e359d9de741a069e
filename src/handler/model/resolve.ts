import { fileKey, isArtifactPath, manifestKey, pointerKey } from '../../model/layout.ts';
import {
  type Artifact,
  externalFiles,
  type FileEntry,
  type Manifest,
  modelFile,
  parseManifest,
} from '../../model/manifest.ts';
import { isFilePath, isVersion } from '../../model/names.ts';
import { parsePointer } from '../../model/pointer.ts';
import type { Reader } from '../readers/reader.ts';
import type { Settings } from '../settings.ts';
import { LoadError, toLoadError } from './load-error.ts';
import { readDocument, readFirstDocument } from './read-document.ts';

/** A model version as the store names it, before any of its large bytes are read. */
export interface Resolved {
  name: string;
  version: string;
  /** Of the model file, as published; undefined until read with MODEL_URI where no MODEL_SHA256 stands beside it. */
  sha256: string | undefined;
  size: number | undefined;
  /** Key of the model file as published. */
  key: string;
  artifacts: readonly Artifact[];
  /** Files that the model keeps tensors in, as far as the pointer or the manifest names them. */
  data: readonly FileEntry[];
  /** At hand when pinned; under a pointer once it has been held against it. */
  manifest: Manifest | undefined;
  /** Digest of manifest.json according to the pointer. */
  manifestSha256: string | undefined;
  /** When pinned: as read, to be hashed where someone asks for it and not in a start. */
  manifestBytes?: Uint8Array | undefined;
  /** Of the move that named this version; only under a pointer. */
  sequence: number | undefined;
  /** Token of the document that named this version: the pointer, the manifest, or the file itself. */
  token: string;
  /** A version that can move under a running function. */
  follows: boolean;
  /** Whether the graph loops as often as its inputs determine, so that a run may never end. */
  unbounded: boolean;
}

/** Whether what a pointer names now is what is served: its model, and the files that this keeps tensors in. */
export const isSame = (found: Resolved, served: Resolved | undefined): boolean =>
  found.version === served?.version &&
  found.sha256 === served.sha256 &&
  String(found.data.map(({ sha256 }) => sha256)) === String(served.data.map(({ sha256 }) => sha256));

/** Resolves what to serve under this name now. Throws LoadError. */
export async function resolveModel(reader: Reader, settings: Settings, name: string): Promise<Resolved> {
  if (settings.file !== undefined) return resolveFile(settings, name, settings.file);
  if (settings.version !== undefined && name === settings.model) {
    return resolvePin(reader, name, settings.version);
  }
  return (await resolvePointer(reader, name, settings.pointer, undefined)) as Resolved;
}

/** Reads the pointer, conditionally; `unchanged` when it still has the token. Throws LoadError. */
export async function resolvePointer(
  reader: Reader,
  name: string,
  pointerName: string,
  ifChanged: string | undefined,
): Promise<Resolved | 'unchanged'> {
  const key = pointerKey(name, pointerName);
  const first = ifChanged === undefined;
  const document = first ? await readFirstDocument(reader, key) : await readDocument(reader, key, ifChanged);
  if (document === 'unchanged') return 'unchanged';
  try {
    const pointer = parsePointer(document.bytes, key);
    return {
      name,
      version: pointer.version,
      sha256: pointer.sha256,
      size: pointer.size,
      key: fileKey(name, pointer.version, pointer.file),
      artifacts: pointer.artifacts,
      data: pointer.files?.filter(({ path }) => path !== pointer.file) ?? [],
      manifest: undefined,
      manifestSha256: pointer.manifest_sha256,
      sequence: pointer.sequence,
      token: document.token,
      follows: true,
      unbounded: pointer.unbounded === true,
    };
  } catch (error) {
    throw toLoadError(error, 'document-unusable', key);
  }
}

async function resolvePin(reader: Reader, name: string, version: string): Promise<Resolved> {
  const key = manifestKey(name, version);
  const document = await readFirstDocument(reader, key);
  try {
    const manifest = checkManifest(document.bytes, name, version);
    const file = modelFile(manifest);
    return {
      name,
      version,
      sha256: file.sha256,
      size: file.size,
      key: fileKey(name, version, file.path),
      artifacts: manifest.artifacts,
      data: externalFiles(manifest),
      manifest,
      manifestSha256: undefined,
      manifestBytes: document.bytes,
      sequence: undefined,
      token: document.token,
      follows: false,
      unbounded: manifest.unbounded === true,
    };
  } catch (error) {
    throw toLoadError(error, 'document-unusable', key);
  }
}

/** Parses the manifest and refuses one of another version or with paths outside its version. */
export function checkManifest(bytes: Uint8Array, name: string, version: string): Manifest {
  const manifest = parseManifest(bytes);
  if (manifest.name !== name || manifest.version !== version) {
    throw new LoadError(
      'document-unusable',
      `Expected the manifest of ${name} ${version}, got one of ${manifest.name} ${manifest.version}.`,
    );
  }
  const entries = [...manifest.files, ...manifest.artifacts];
  checkNames(version, [manifest.model, ...entries.map((entry) => entry.path)]);
  return manifest;
}

/** Stores hold untrusted input: a path must stay inside its version. */
function checkNames(version: string, paths: readonly string[]): void {
  if (!isVersion(version)) throw new LoadError('document-unusable', 'The version is not a semantic version.');
  const bad = paths.find((path) => !isFilePath(path) && !isArtifactPath(path));
  if (bad !== undefined) {
    throw new LoadError('document-unusable', `${JSON.stringify(bad.slice(0, 120))} is not a path inside a version.`);
  }
}

function resolveFile(settings: Settings, name: string, key: string): Resolved {
  return {
    name,
    version: settings.version ?? 'unversioned',
    sha256: settings.sha256,
    size: undefined,
    key,
    artifacts: [],
    data: [],
    manifest: undefined,
    manifestSha256: undefined,
    sequence: undefined,
    token: '',
    follows: false,
    unbounded: false,
  };
}
