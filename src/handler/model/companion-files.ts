import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sha256 } from '../../model/digest.ts';
import { fileKey, versionPrefix } from '../../model/layout.ts';
import { externalFiles, type FileEntry } from '../../model/manifest.ts';
import type { Reader } from '../readers/reader.ts';
import { uniqueId } from '../unique-id.ts';
import { tensorForm } from './choose-form.ts';
import { linkFile, makeFolder, removeFile, renameFile } from './files.ts';
import { toLoadError } from './load-error.ts';
import type { ModelCache } from './model-cache.ts';
import { type ObtainedFile, obtainFile } from './obtain-file.ts';
import { obtainFiles } from './obtain-files.ts';
import type { Resolved } from './resolve.ts';

export interface LaidOut {
  /** The model under its published name, with its other files where it expects them. */
  path: string;
  /** Everything here can be removed with the version. */
  folder: string;
}

/** The model's path in its version; with MODEL_URI its name. */
function modelPath({ name, version, key }: Resolved): string {
  const prefix = versionPrefix(name, version);
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

/**
 * Lays verified files out as they were published, by hard links: a model names the files that it keeps tensors in by
 * their paths. The folder is named by all of the digests, since versions of one graph may have different weights.
 * @param paths of `data` in the version
 */
export async function layOut(
  cache: ModelCache,
  resolved: Resolved,
  [model, ...data]: readonly ObtainedFile[],
  paths: readonly string[],
): Promise<LaidOut> {
  const main = modelPath(resolved);
  const placed = [model as ObtainedFile, ...data].map((file, at) => ({
    file,
    to: at ? (paths[at - 1] as string) : main,
  }));
  const digest = sha256(placed.map(({ file, to }) => `${file.sha256} ${to}\n`).join(''));
  const folder = join(cache.folder, `${digest}.files`);
  try {
    for (const { file, to } of placed) await place(file.path, join(folder, to));
  } catch (error) {
    throw toLoadError(error, 'cache-unavailable', `Laying the files of ${resolved.version} out in ${folder} failed`);
  }
  return { path: join(folder, main), folder };
}

/** Put in place by rename: another process may load from the same folder right now. */
async function place(from: string, to: string): Promise<void> {
  if (lstatSync(to, { throwIfNoEntry: false })?.ino === lstatSync(from).ino) return;
  await makeFolder(dirname(to), { recursive: true, mode: 0o700 });
  const draft = `${to}.${uniqueId()}`;
  await linkFile(from, draft);
  await renameFile(draft, to);
  // Where both are one file already, that has left the draft.
  await removeFile(draft, { force: true });
}

/**
 * What a model may need beside it, where neither pointer nor manifest says that it needs anything: tried when it does not
 * load alone. Under a manifest the other files of the version; with MODEL_URI what the model itself names, in the folder
 * of its key. Undefined where there is nothing. Throws LoadError.
 */
export async function gatherCompanions(
  reader: Reader,
  cache: ModelCache,
  resolved: Resolved,
  model: ObtainedFile,
): Promise<(LaidOut & { files: ObtainedFile[] }) | undefined> {
  const wanted = resolved.manifest ? othersOf(resolved) : await namedBy(resolved, model);
  if (wanted.length === 0) return undefined;
  const files = await obtainAll(reader, cache, wanted);
  const paths = wanted.map(({ path }) => path);
  return { ...(await layOut(cache, resolved, [model, ...files], paths)), files };
}

interface Wanted {
  path: string;
  key: string;
  expected?: FileEntry;
}

const ofVersion = ({ name, version }: Resolved, entries: readonly FileEntry[]): Wanted[] =>
  entries.map((expected) => ({ path: expected.path, key: fileKey(name, version, expected.path), expected }));

function othersOf(resolved: Resolved): Wanted[] {
  const { manifest } = resolved;
  if (!manifest) return [];
  const named = externalFiles(manifest);
  const isOther = ({ path }: FileEntry): boolean => path !== manifest.model && path !== manifest.sample;
  return ofVersion(resolved, named.length > 0 ? named : manifest.files.filter(isOther));
}

async function namedBy(resolved: Resolved, model: ObtainedFile): Promise<Wanted[]> {
  const { externalNames } = await import('../../onnx/external-names.ts');
  const folder = resolved.key.slice(0, resolved.key.lastIndexOf('/') + 1);
  try {
    return (await externalNames(model.path, resolved.key)).map((path) => ({ path: folder + path, key: folder + path }));
  } catch (error) {
    throw toLoadError(error, 'model-unusable', `${resolved.key} does not say where its data is`);
  }
}

const obtainAll = (reader: Reader, cache: ModelCache, wanted: readonly Wanted[]): Promise<ObtainedFile[]> =>
  obtainFiles(
    reader,
    cache,
    wanted.map(({ key, expected }) => ({ key, extension: 'bin', expected })),
  );

/**
 * The model as published, or with tensors alone, where an optimised form of it is served: its path, and what is in the
 * cache for it.
 */
export async function obtainOriginal(
  reader: Reader,
  cache: ModelCache,
  resolved: Resolved,
): Promise<{ path: string; paths: string[] }> {
  const { sha256: hex, size, manifest, name, version } = resolved;
  const published = hex !== undefined && size !== undefined ? { sha256: hex, size } : undefined;
  const tensors = tensorForm(resolved.artifacts);
  const key = tensors ? fileKey(name, version, tensors.path) : resolved.key;
  const model = await obtainFile(reader, cache, { key, extension: 'onnx', expected: tensors ?? published });
  const wanted = ofVersion(resolved, manifest ? externalFiles(manifest) : resolved.data);
  if (wanted.length === 0) return { path: model.path, paths: [model.path] };
  const files = [model, ...(await obtainAll(reader, cache, wanted))];
  const laid = await layOut(
    cache,
    resolved,
    files,
    wanted.map(({ path }) => path),
  );
  return { path: laid.path, paths: [...files.map(({ path }) => path), laid.folder] };
}
