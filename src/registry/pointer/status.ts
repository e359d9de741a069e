import { pointerKey } from '../../model/layout.ts';
import type { Pointer } from '../../model/pointer.ts';
import { newestFirst } from '../../model/version.ts';
import { type Store, StoreError } from '../../stores/store.ts';
import { namedBy, surveyModel } from '../prune/survey.ts';
import { pointerFaults } from './check.ts';
import { missingPointer, type PointerFault, type PointerLocation } from './fault.ts';
import { readPointer } from './read-pointer.ts';

export interface VersionStatus {
  version: string;
  /** `leftover`: files of an unfinished publish. `tombstoned`: a prune is at work, or died there. */
  state: 'complete' | 'leftover' | 'tombstoned';
  /** Of everything under the version. */
  bytes: number;
  files: number;
  /** ISO 8601, by the store's clock; nothing while it is not complete. */
  publishedAt: string | undefined;
  /** Which pointers name it: `live in current.json`, `previous in staging.json`. */
  named: string[];
}

export interface ModelStatus {
  model: string;
  /** By pointer name. */
  live: Record<string, Pointer>;
  /** Newest sequence on record, by the name of the pointer whose history it is. */
  recorded: Record<string, number>;
  /** Newest first. */
  versions: VersionStatus[];
  /** Of all versions. */
  bytes: number;
  /** Folders under versions/ that are no versions of Coldgate's. */
  foreign: string[];
}

/** What is live and what is there: one listing, one read a pointer. Throws IntegrityError `pointer-unusable`. */
export async function modelStatus(store: Store, model: string): Promise<ModelStatus> {
  const survey = await surveyModel(store, model);
  const versions = newestFirst(survey.versions.keys()).map((version): VersionStatus => {
    const found = survey.versions.get(version)!;
    const state = found.tombstone ? 'tombstoned' : found.manifest ? 'complete' : 'leftover';
    return {
      version,
      state,
      bytes: found.bytes,
      files: found.objects.length,
      publishedAt: found.manifest?.modified.toISOString(),
      named: namedBy(survey, version),
    };
  });
  return {
    model,
    live: Object.fromEntries([...survey.pointers].map(([name, { pointer }]) => [name, pointer])),
    recorded: Object.fromEntries(survey.recorded),
    versions,
    bytes: versions.reduce((sum, v) => sum + v.bytes, 0),
    foreign: survey.foreign,
  };
}

/**
 * What is wrong with the pointers of a model: each is compared with the version that it names and with its history.
 * `expected` are pointers that environments name; without history they may be missing, for nothing was ever promoted.
 * Returns the faults by pointer name, without pointers that have none. Three requests a pointer.
 */
export async function statusFaults(
  store: Store,
  { model, live, recorded }: ModelStatus,
  expected: readonly string[],
): Promise<Map<string, PointerFault[]>> {
  const found = new Map<string, PointerFault[]>();
  for (const name of new Set([...Object.keys(live), ...Object.keys(recorded), ...expected])) {
    const faults = await faultsAt({ store, model, pointer: name }, live[name], recorded[name] ?? 0);
    if (faults.length > 0) found.set(name, faults);
  }
  return found;
}

async function faultsAt(
  place: PointerLocation,
  listed: Pointer | undefined,
  recorded: number,
): Promise<PointerFault[]> {
  const { store, model, pointer: name } = place;
  let pointer = listed;
  if (!pointer || pointer.sequence < recorded) {
    // It may have moved while the model was listed.
    try {
      pointer = (await readPointer(store, model, name))?.pointer;
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'bad-key') throw error;
      return [{ code: 'pointer-unusable', message: error.message }];
    }
  }
  const key = pointerKey(model, name);
  if (!pointer) return recorded === 0 ? [] : [missingPointer(place, recorded)];
  const faults = await pointerFaults(place, pointer);
  if (pointer.sequence < recorded) {
    const message = `${key} is at move ${pointer.sequence}, and its history goes up to move ${recorded}: an older copy was put back. The next move continues from there.`;
    faults.push({ code: 'pointer-behind', message });
  }
  return faults;
}
