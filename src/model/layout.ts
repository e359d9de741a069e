/**
 * Keys of everything Coldgate keeps in a store, relative to the store's root. The one place that spells them.
 *
 *     <model>/versions/<version>/<file>           immutable
 *     <model>/versions/<version>/manifest.json    written last: the commit point
 *     <model>/versions/<version>/.tombstone       prune is about to delete this version
 *     <model>/current.json                        the pointer (an environment may name another one)
 *     <model>/history/<10 digits>.json            one record a move of current.json
 *     <model>/history/<stem>/<10 digits>.json     the same for a pointer named <stem>.json
 *     <model>/baselines/<target key>/<version>.json
 */
export const manifestName = 'manifest.json';
export const tombstoneName = '.tombstone';
export const defaultPointer = 'current.json';

export const immutableCaching = 'public, max-age=31536000, immutable';
export const pointerCaching = 'no-cache';

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

export const baselineKey = (model: string, targetKey: string, version: string): string =>
  `${model}/baselines/${targetKey}/${version}.json`;

/** The media type we store a file with: JSON is readable in a browser, everything else is bytes. */
export const contentTypeOf = (path: string): string =>
  path.endsWith('.json')
    ? 'application/json'
    : path.endsWith('.txt')
      ? 'text/plain; charset=utf-8'
      : 'application/octet-stream';
