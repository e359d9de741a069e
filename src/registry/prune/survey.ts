import { historyRecord, manifestName, modelPrefix, tombstoneName, versionsPrefix } from '../../model/layout.ts';
import { isPointerName, isVersion } from '../../model/names.ts';
import type { ObjectInfo, Store } from '../../stores/store.ts';
import { type PointerState, readPointer } from '../pointer/read-pointer.ts';

/** One version as a listing shows it. */
export interface SurveyedVersion {
  version: string;
  /** Files and artifacts, by full key. */
  objects: ObjectInfo[];
  manifest: ObjectInfo | undefined;
  tombstone: ObjectInfo | undefined;
  /** Of everything under the version. */
  bytes: number;
  /** When anything under the version was last written, by the store's clock. */
  touched: Date;
}

export interface Survey {
  versions: Map<string, SurveyedVersion>;
  /** By name, `current.json` among them. */
  pointers: Map<string, PointerState>;
  /** Newest sequence that is recorded, by the name of the pointer whose history it is. */
  recorded: Map<string, number>;
  /** Folders under versions/ that are no versions of Coldgate's; never touched. */
  foreign: string[];
}

/**
 * One listing of the model and one read a pointer, the listing first. Throws IntegrityError `pointer-unusable`: what a
 * pointer that cannot be read needs is unknown.
 */
export async function surveyModel(store: Store, model: string): Promise<Survey> {
  const survey: Survey = { versions: new Map(), pointers: new Map(), recorded: new Map(), foreign: [] };
  const names: string[] = [];
  for await (const info of store.list(modelPrefix(model))) {
    const rest = info.key.slice(modelPrefix(model).length);
    if (info.key.startsWith(versionsPrefix(model))) place(survey, info, info.key.slice(versionsPrefix(model).length));
    else if (isPointerName(rest)) names.push(rest);
    else note(survey, model, info.key);
  }
  for (const name of names) {
    const state = await readPointer(store, model, name);
    if (state) survey.pointers.set(name, state);
  }
  return survey;
}

/** The listing is in the order of keys, so the last record of a pointer is its newest, but for those of more digits. */
function note({ recorded }: Survey, model: string, key: string): void {
  const record = historyRecord(key, model);
  if (record) recorded.set(record.pointer, Math.max(record.sequence, recorded.get(record.pointer) ?? 0));
}

function place(survey: Survey, info: ObjectInfo, path: string): void {
  const slash = path.indexOf('/');
  const version = slash < 0 ? path : path.slice(0, slash);
  if (slash < 0 || !isVersion(version)) {
    if (!survey.foreign.includes(version)) survey.foreign.push(version);
    return;
  }
  let found = survey.versions.get(version);
  if (!found) {
    found = { version, objects: [], manifest: undefined, tombstone: undefined, bytes: 0, touched: new Date(0) };
    survey.versions.set(version, found);
  }
  const name = path.slice(slash + 1);
  if (name === manifestName) found.manifest = info;
  else if (name === tombstoneName) found.tombstone = info;
  else found.objects.push(info);
  found.bytes += info.size;
  if (name !== tombstoneName && info.modified > found.touched) found.touched = info.modified;
}

/** Which pointers name the version, as live or as the one to roll back to: `live in current.json`. */
export function namedBy(survey: Survey, version: string): string[] {
  const named: string[] = [];
  for (const [name, { pointer }] of survey.pointers) {
    if (pointer.version === version) named.push(`live in ${name}`);
    else if (pointer.previous?.version === version) named.push(`previous in ${name}`);
  }
  return named;
}
