import { ConflictError, IntegrityError } from '../../errors.ts';
import { historyKey, manifestKey } from '../../model/layout.ts';
import { externalFiles, type Manifest, modelFile } from '../../model/manifest.ts';
import type { Pointer } from '../../model/pointer.ts';
import { incomplete, readVersion, type StoredManifest, type VersionContents } from '../version/contents.ts';
import { contradictions, type PointerFault, type PointerLocation, unsound } from './fault.ts';
import { readPointer, readRecord } from './read-pointer.ts';

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
  // Pointers of earlier releases have no such list; functions then take it from the manifest.
  if (pointer.files) fields.push(['files', pointer.files, [model, ...externalFiles(manifest)]]);
  return fields.flatMap(([name, named, real]) =>
    canonical(named) === canonical(real)
      ? []
      : [`${name}: the pointer has ${brief(named)}, the manifest ${brief(real)}`],
  );
}

const brief = (value: unknown): string => (Array.isArray(value) ? `${value.length} (others)` : String(value));

/**
 * Compares a pointer with the version that it names and with the record of its own move, and checks that the version is
 * complete: one listing and two reads; it hashes no file (verify does). A move in between is no fault: the pointer is
 * then read again. Throws what the store throws.
 */
export async function pointerFaults(place: PointerLocation, pointer: Pointer): Promise<PointerFault[]> {
  for (let current = pointer, attempt = 1; ; attempt += 1) {
    const faults = await faultsOf(place, current);
    if (faults.length === 0 || attempt === 3) return faults;
    const now = await readPointer(place.store, place.model, place.pointer);
    if (!now || now.pointer.promotion_id === current.promotion_id) return faults;
    current = now.pointer;
  }
}

async function faultsOf(place: PointerLocation, pointer: Pointer): Promise<PointerFault[]> {
  const { store, model, pointer: name } = place;
  const record = await orFault('differs-from-record', () => readRecord(store, model, pointer.sequence, name));
  const contents = await orFault('version-damaged', () => readVersion(store, model, pointer.version));
  const faults = isFault(contents) ? [contents] : versionFaults(place, pointer, contents);
  if (isFault(record)) faults.push(record);
  else if (record && !isSameMove(record.pointer, pointer)) {
    faults.push(differsFromRecord(place, pointer, record.pointer));
  }
  return faults;
}

const isFault = (found: object | undefined): found is PointerFault => found !== undefined && 'message' in found;

/** A document that cannot be used, or went away under the reader, is a fault of what relies on it. */
async function orFault<T>(code: PointerFault['code'], read: () => Promise<T>): Promise<T | PointerFault> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof IntegrityError) return { code, message: error.message };
    if (error instanceof ConflictError) return { code: 'version-marked', message: error.message };
    throw error;
  }
}

function versionFaults({ model, pointer: name }: PointerLocation, pointer: Pointer, contents: VersionContents) {
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
  const [missing, changed] = [
    gaps.filter((p) => !contents.objects.has(p)),
    gaps.filter((p) => contents.objects.has(p)),
  ];
  const without = (paths: string[], what: string) =>
    `${name} names ${version}, of which ${paths.join(', ')} ${paths.length === 1 ? 'is' : 'are'} ${what}.`;
  if (missing.length > 0) faults.push({ code: 'version-missing', message: without(missing, 'missing') });
  if (changed.length > 0) faults.push({ code: 'version-damaged', message: without(changed, 'of another size') });
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
  { model, pointer: name }: PointerLocation,
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

/**
 * Refuses to continue from a pointer that contradicts its version or its record: which version is live is then unknown.
 * Throws IntegrityError `pointer-differs`.
 */
export async function assertSound(place: PointerLocation, pointer: Pointer): Promise<void> {
  const wrong = contradictions(await pointerFaults(place, pointer));
  if (wrong.length > 0) throw unsound(place, wrong);
}

/** Throws IntegrityError `pointer-differs` where the version that the pointer names has another manifest. */
export function assertNames(
  place: PointerLocation,
  pointer: Pointer,
  of: { manifest: Manifest; sha256: string },
): void {
  const differences = manifestDifferences(pointer, of);
  if (differences.length === 0) return;
  const message = `${place.pointer} is not what promoting ${pointer.version} wrote: ${differences.join('; ')}.`;
  throw unsound(place, [{ code: 'differs-from-manifest', message }]);
}
