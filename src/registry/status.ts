import type { Pointer } from '../model/pointer.ts';
import { newestFirst } from '../model/version.ts';
import type { Store } from '../stores/store.ts';
import { namedBy, surveyModel } from './survey.ts';

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
  /** Newest first. */
  versions: VersionStatus[];
  /** Of all versions. */
  bytes: number;
  /** Folders under versions/ that are none of ours. */
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
    live: Object.fromEntries(survey.pointers),
    versions,
    bytes: versions.reduce((sum, v) => sum + v.bytes, 0),
    foreign: survey.foreign,
  };
}
