import { isFilePath, isPointerName, isVersion } from './names.ts';

/**
 * Keys of everything Coldgate keeps in a store, relative to the store's root. The one place that spells them.
 *
 *     <model>/versions/<version>/<file>            immutable
 *     <model>/versions/<version>/artifacts/<name>  immutable, derived from the files at publish
 *     <model>/versions/<version>/manifest.json     written last: the commit point
 *     <model>/versions/<version>/.tombstone        prune is about to delete this version
 *     <model>/current.json                         the pointer (an environment may name another one)
 *     <model>/history/<10 digits>.json             one record a move of current.json
 *     <model>/history/<stem>/<10 digits>.json      the same for a pointer named <stem>.json
 *     <model>/leases/<version>/<id>.json             a publish or a promotion is at work on this version
 *     <model>/leases/<version>/claim.json            which files a publish of many stores side by side
 *     <model>/baselines/<target key>/<version>.json
 *     _coldgate/async/<function>/…                 what the queue in front of a function keeps: docs/queue.md
 *     _coldgate/doctor.json                        what doctor found out about the store; no model can have this name
 *     _coldgate/doctor/<id>/…                      where doctor tries the store out
 */
export const manifestName = 'manifest.json';
export const tombstoneName = '.tombstone';
export const artifactsFolder = 'artifacts';
export const defaultPointer = 'current.json';

export const immutableCaching = 'public, max-age=31536000, immutable';
export const pointerCaching = 'no-cache';

export const doctorRecordKey = '_coldgate/doctor.json';
export const doctorPrefix = (id: string): string => `_coldgate/doctor/${id}/`;

/** Results of a function's queue, and what else it keeps. @param name of the function on its platform */
export const asyncPrefix = (name: string): string => `_coldgate/async/${name}/`;

export const modelPrefix = (model: string): string => `${model}/`;
export const versionsPrefix = (model: string): string => `${model}/versions/`;
export const versionPrefix = (model: string, version: string): string => `${model}/versions/${version}/`;
export const fileKey = (model: string, version: string, path: string): string =>
  `${versionPrefix(model, version)}${path}`;
export const manifestKey = (model: string, version: string): string => fileKey(model, version, manifestName);
export const tombstoneKey = (model: string, version: string): string => fileKey(model, version, tombstoneName);
export const pointerKey = (model: string, pointer: string = defaultPointer): string => `${model}/${pointer}`;

export function historyPrefix(model: string, pointer: string = defaultPointer): string {
  return pointer === defaultPointer ? `${model}/history/` : `${model}/history/${pointer.replace(/\.json$/, '')}/`;
}

/** Ten digits, so that keys sort in the order of the moves for the first ten thousand million of them. */
export const historyKey = (model: string, sequence: number, pointer: string = defaultPointer): string =>
  `${historyPrefix(model, pointer)}${String(sequence).padStart(10, '0')}.json`;

/** The sequence in a history record's key; undefined for keys of other pointers and for what does not belong there. */
export function historySequence(key: string, model: string, pointer: string = defaultPointer): number | undefined {
  const prefix = historyPrefix(model, pointer);
  const digits = key.startsWith(prefix) ? /^(\d{10,15})\.json$/.exec(key.slice(prefix.length))?.[1] : undefined;
  const sequence = Number(digits);
  return digits !== undefined && historyKey(model, sequence, pointer) === key ? sequence : undefined;
}

/** The pointer and the sequence of a history record's key; undefined for what is no record of any pointer. */
export function historyRecord(key: string, model: string): { pointer: string; sequence: number } | undefined {
  const found = /^(?:([^/]+)\/)?\d+\.json$/.exec(key.slice(historyPrefix(model).length));
  if (!found || !key.startsWith(historyPrefix(model))) return undefined;
  const pointer = found[1] === undefined ? defaultPointer : `${found[1]}.json`;
  const sequence = isPointerName(pointer) ? historySequence(key, model, pointer) : undefined;
  return sequence === undefined ? undefined : { pointer, sequence };
}

export const leasesPrefix = (model: string): string => `${model}/leases/`;
export const leaseKey = (model: string, version: string, id: string): string =>
  `${leasesPrefix(model)}${version}/${id}.json`;
export const versionLeasesPrefix = (model: string, version: string): string => `${leasesPrefix(model)}${version}/`;
/** Kept, and removed, as a lease. */
export const claimKey = (model: string, version: string): string => leaseKey(model, version, 'claim');

/** The version that a lease's key names; undefined for what is no lease. */
export function leasedVersion(key: string, model: string): string | undefined {
  const version = key.startsWith(leasesPrefix(model)) ? key.slice(leasesPrefix(model).length).split('/')[0] : undefined;
  return version !== undefined && isVersion(version) ? version : undefined;
}

export const baselineKey = (model: string, targetKey: string, version: string): string =>
  `${model}/baselines/${targetKey}/${version}.json`;

/** The path of an artifact inside its version: `artifacts/` and a safe name. */
export const isArtifactPath = (path: string): boolean =>
  path.startsWith(`${artifactsFolder}/`) && isFilePath(path.slice(artifactsFolder.length + 1));

/** The media type we store a file with: JSON is readable in a browser, everything else is bytes. */
export const contentTypeOf = (path: string): string =>
  path.endsWith('.json')
    ? 'application/json'
    : path.endsWith('.txt')
      ? 'text/plain; charset=utf-8'
      : 'application/octet-stream';

/** Whether the file is in ONNX Runtime's own format: `.ortm` where its inputs have no shapes, `.ort` with shapes. */
export const isRuntimeFormat = (path: string): boolean => /\.ortm?$/.test(path);
