import { IntegrityError } from '../errors.ts';
import { historyKey, manifestKey, pointerKey } from '../model/layout.ts';
import { type Manifest, modelFile } from '../model/manifest.ts';
import type { Pointer } from '../model/pointer.ts';
import type { Store } from '../stores/store.ts';
import { type PointerState, readPointer, readRecord } from './read-pointer.ts';
import { incomplete, readVersion, type StoredManifest, type VersionContents } from './version-contents.ts';

/** One thing in which a pointer is not what a move of Coldgate would have written. */
export interface PointerFault {
  /**
   * `version-missing`: what it names is not there, or not whole. `version-marked`: a prune is deleting it.
   * `differs-from-manifest` and `differs-from-record`: its fields are not those of the version, or of the move.
   */
  code: 'version-missing' | 'version-marked' | 'differs-from-manifest' | 'differs-from-record';
  message: string;
}

/** Where a pointer lies. */
export interface PointerPlace {
  store: Store;
  model: string;
  /** Name of the pointer. */
  pointer: string;
}

/** JSON with the keys of every object in order, so that equal documents are equal texts. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );

/** Whether two documents are of one move: a fence is put into the pointer later, and not into its record. */
export const isSameMove = (a: Pointer, b: Pointer): boolean =>
  canonical({ ...a, fence: null }) === canonical({ ...b, fence: null });

/** The fields of the pointer that are not those of the manifest of the version it names. */
export function manifestDifferences(
  pointer: Pointer,
  { manifest, sha256 }: Pick<StoredManifest, 'manifest' | 'sha256'>,
): string[] {
  const model = modelFile(manifest);
  const fields: [string, unknown, unknown][] = [
    ['manifest_sha256', pointer.manifest_sha256, sha256],
    ['file', pointer.file, model.path],
    ['sha256', pointer.sha256, model.sha256],
    ['size', pointer.size, model.size],
    ['artifacts', pointer.artifacts, manifest.artifacts],
  ];
  return fields.flatMap(([name, named, real]) =>
    canonical(named) === canonical(real)
      ? []
      : [`${name}: the pointer has ${brief(named)}, the manifest ${brief(real)}`],
  );
}

const brief = (value: unknown): string => (Array.isArray(value) ? `${value.length} forms (others)` : String(value));

/**
 * Compares a pointer with the version that it names and with the record of its own move, and looks whether the version is
 * whole: one listing and two reads; it hashes no file, which is verify's work. A move in between is no fault: the pointer
 * is read again then. Throws what the store throws, IntegrityError `manifest-unusable` and `history-unusable`.
 */
export async function pointerFaults(place: PointerPlace, state: PointerState): Promise<PointerFault[]> {
  for (let current = state, attempt = 1; ; attempt += 1) {
    const faults = await faultsOf(place, current.pointer);
    if (faults.length === 0 || attempt === 3) return faults;
    const now = await readPointer(place.store, place.model, place.pointer);
    if (!now || now.pointer.promotion_id === current.pointer.promotion_id) return faults;
    current = now;
  }
}

async function faultsOf(place: PointerPlace, pointer: Pointer): Promise<PointerFault[]> {
  const { store, model, pointer: name } = place;
  const record = await readRecord(store, model, pointer.sequence, name);
  const faults = versionFaults(place, pointer, await readVersion(store, model, pointer.version));
  if (record && !isSameMove(record.pointer, pointer)) {
    faults.push(differsFromRecord(place, pointer, record.pointer));
  }
  return faults;
}

function versionFaults({ model, pointer: name }: PointerPlace, pointer: Pointer, contents: VersionContents) {
  const { version } = pointer;
  const faults: PointerFault[] = [];
  const { stored, tombstone } = contents;
  if (!stored) {
    faults.push({
      code: 'version-missing',
      message: `${name} names ${version}, and ${manifestKey(model, version)} is not there.`,
    });
    return faults;
  }
  const gaps = incomplete(contents, stored.manifest).map(({ path }) => path);
  if (gaps.length > 0) {
    const message = `${name} names ${version}, of which ${gaps.join(', ')} ${gaps.length === 1 ? 'is' : 'are'} missing or of another size.`;
    faults.push({ code: 'version-missing', message });
  }
  if (tombstone?.state === 'deleting') {
    faults.push({ code: 'version-marked', message: `${name} names ${version}, which a prune is deleting.` });
  }
  const differences = manifestDifferences(pointer, stored);
  if (differences.length > 0) {
    faults.push({
      code: 'differs-from-manifest',
      message: `${name} is not what promoting ${version} wrote: ${differences.join('; ')}.`,
    });
  }
  return faults;
}

/** The record of the pointer's sequence is of another move. */
export function differsFromRecord(
  { model, pointer: name }: PointerPlace,
  pointer: Pointer,
  record: Pointer,
): PointerFault {
  const fields = [...new Set([...Object.keys(pointer), ...Object.keys(record)])] as (keyof Pointer)[];
  const differing = fields.filter(
    (f) => f !== 'fence' && canonical(pointer[f] ?? null) !== canonical(record[f] ?? null),
  );
  const key = historyKey(model, pointer.sequence, name);
  const message = `${name} is not the move that ${key} records: they differ in ${differing.join(', ')}.`;
  return { code: 'differs-from-record', message };
}

/** Says what is wrong with a pointer and how to put it right; exit 3. */
export function unsound(place: PointerPlace, faults: readonly PointerFault[]): IntegrityError {
  const { model, pointer } = place;
  const lost = faults.every(({ code }) => code === 'version-missing' || code === 'version-marked');
  const hint = lost
    ? `Publish the same files of that version again, or make another one live: coldgate promote --model ${model} --version <version>.`
    : `Something else than Coldgate wrote it. coldgate history --model ${model} --check compares them all, and --repair puts the pointer back from its record where that is sound. If the record is the wrong one, delete it: the next move writes it again.`;
  return new IntegrityError('pointer-differs', `${model}: ${faults.map(({ message }) => message).join(' ')}`, {
    hint,
    data: { key: pointerKey(model, pointer), faults },
  });
}

/** What a pointer must agree with before anything rests on it; what is merely lost stops no way out. */
export const contradictions = (faults: readonly PointerFault[]): PointerFault[] =>
  faults.filter(({ code }) => code === 'differs-from-manifest' || code === 'differs-from-record');

/** Throws IntegrityError `pointer-differs` where the version that the pointer names has another manifest. */
export function assertNames(place: PointerPlace, pointer: Pointer, of: { manifest: Manifest; sha256: string }): void {
  const differences = manifestDifferences(pointer, of);
  if (differences.length === 0) return;
  const message = `${place.pointer} is not what promoting ${pointer.version} wrote: ${differences.join('; ')}.`;
  throw unsound(place, [{ code: 'differs-from-manifest', message }]);
}
