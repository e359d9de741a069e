import { IntegrityError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { isPreviewVersion, newestFirst } from '../../model/version.ts';
import type { ObjectInfo, Store } from '../../stores/store.ts';
import { assertExpected, assertPointers, type ExpectedPointer } from '../pointer/guard.ts';
import { type HistoryView, readHistory } from '../pointer/history.ts';
import { type Leases, listLeases } from '../version/leases.ts';
import { readTombstone } from '../version/tombstone.ts';
import type { Sleeper } from '../wait.ts';
import { namedBy, type Survey, type SurveyedVersion, surveyModel } from './survey.ts';

/** How long the files of an unfinished publish, and the lease of a dead promotion, are left alone, ms. */
export const dayMs = 24 * 60 * 60 * 1000;

export interface PruneInput extends Sleeper {
  store: Store;
  model: string;
  /** Newest releases to keep; also how many distinct versions of each pointer's history are kept. At least 1. */
  retain: number;
  /** Versions to keep for reasons outside the store: deployed revisions, open previews. */
  protectedVersions?: readonly { version: string; reason: string }[] | undefined;
  /** Only these are looked at, and they are not kept for being new: a closed pull request's versions. */
  only?: readonly string[] | undefined;
  /** Pointers that must be there before a published version is deleted: those that environments name. */
  expected?: readonly ExpectedPointer[] | undefined;
  leftoverAgeMs?: number | undefined;
  now: () => Date;
  log: Logger;
}

export interface PlannedVersion {
  version: string;
  state: 'complete' | 'leftover' | 'tombstoned';
  action: 'keep' | 'delete';
  /** Why, in words; at least one. */
  reasons: string[];
  bytes: number;
  objects: number;
}

export interface PrunePlan {
  model: string;
  /** Newest first. */
  versions: PlannedVersion[];
  /** Leases of dead promotions, removed along the way. */
  staleLeases: ObjectInfo[];
  /** Folders under versions/ that are no versions; never touched. */
  foreign: string[];
}

/** What the plan rests on; prune compares it with what it finds at its second look. */
export interface PruneGrounds {
  plan: PrunePlan;
  survey: Survey;
}

interface Grounds {
  input: PruneInput;
  survey: Survey;
  leases: Leases;
  /** Versions whose tombstone is past the point of no return. */
  deleting: Set<string>;
  newest: Set<string>;
  window: Map<string, string>;
  now: Date;
}

/**
 * Returns what would be deleted and kept, and why. Reads only. Throws IntegrityError `pointer-missing`,
 * `pointer-differs`, `pointer-unusable` or `history-unusable`, and what the store throws: where anything is missing
 * that should be there, or cannot be read, nothing is deleted.
 */
export async function planOnGrounds(input: PruneInput): Promise<PruneGrounds> {
  const { store, model, now, leftoverAgeMs = dayMs } = input;
  const leases = await listLeases(store, model, now(), leftoverAgeMs);
  const survey = await surveyModel(store, model);
  await assertPointers(store, model, survey);
  const deleting = new Set<string>();
  for (const { version, tombstone } of survey.versions.values()) {
    if (tombstone && (await readTombstone(store, model, version))?.state === 'deleting') deleting.add(version);
  }
  const releases = [...survey.versions.values()]
    .filter((v) => v.manifest && !deleting.has(v.version) && !isPreviewVersion(v.version))
    .map((v) => v.version);
  const newest = new Set(newestFirst(releases).slice(0, Math.max(1, input.retain)));
  const window = await historyWindow(input, survey);
  const grounds: Grounds = { input, survey, leases, deleting, newest, window, now: now() };
  const all = newestFirst(survey.versions.keys()).filter((v) => input.only?.includes(v) ?? true);
  const versions = all.map((version) => planOne(grounds, survey.versions.get(version)!));
  if (releases.length > 0 && versions.some(losesVersion) && !input.only) {
    await assertExpected(store, model, survey, input.expected ?? []);
  }
  return { plan: { model, versions, staleLeases: leases.stale, foreign: survey.foreign }, survey };
}

/** What never became visible can be live nowhere. */
const losesVersion = ({ action, state }: PlannedVersion): boolean => action === 'delete' && state !== 'leftover';

function planOne(grounds: Grounds, found: SurveyedVersion): PlannedVersion {
  const { version, bytes } = found;
  const state = found.tombstone ? 'tombstoned' : found.manifest ? 'complete' : 'leftover';
  const keep = keepReasons(grounds, found);
  const action = keep.length > 0 ? 'keep' : 'delete';
  const reasons = keep.length > 0 ? keep : [deleteReason(grounds, found)];
  const objects = found.objects.length + (found.manifest ? 1 : 0) + (found.tombstone ? 1 : 0);
  return { version, state, action, reasons, bytes, objects };
}

function keepReasons(
  { input, survey, leases, deleting, newest, window, now }: Grounds,
  found: SurveyedVersion,
): string[] {
  const { version } = found;
  const young = now.getTime() - found.touched.getTime() <= (input.leftoverAgeMs ?? dayMs);
  const reasons = namedBy(survey, version);
  // Half of it may be gone: only a pointer, which by the protocol cannot name it, would be a reason to stop.
  if (deleting.has(version)) return reasons;
  for (const p of input.protectedVersions ?? []) if (p.version === version) reasons.push(p.reason);
  if (leases.held.has(version)) reasons.push('a publish or a promotion is at work on it');
  const past = window.get(version);
  if (past !== undefined) reasons.push(past);
  if (!found.manifest && young) reasons.push('unfinished publish, less than a day old');
  if (found.manifest && !input.only) {
    if (newest.has(version)) reasons.push(`one of the newest ${input.retain}`);
    if (isPreviewVersion(version) && young) reasons.push('preview version, less than a day old');
  }
  return reasons;
}

function deleteReason({ input }: Grounds, found: SurveyedVersion): string {
  if (found.tombstone) return 'an earlier prune did not finish';
  if (!found.manifest) return 'unfinished publish, more than a day old';
  if (input.only) return 'asked for, and nothing names it';
  if (isPreviewVersion(found.version)) return 'preview version that nothing names';
  return `older than the newest ${input.retain}, and nothing names it`;
}

/**
 * The last `retain` distinct versions that each pointer named, with the reason to keep them. If a record is missing or
 * cannot be read, the move after it names the version; where that is gone too, what it keeps is unknown.
 */
async function historyWindow(input: PruneInput, survey: Survey): Promise<Map<string, string>> {
  const { store, model, log } = input;
  const window = new Map<string, string>();
  const retain = Math.max(1, input.retain);
  for (const name of survey.pointers.keys()) {
    // A pointer that swings between few versions would need its whole history to name more: a bound is enough.
    const view = await readHistory({ store, model, pointer: name, limit: retain * 10 });
    const absent = [...view.missing, ...view.unreadable].sort((a, b) => b - a);
    if (absent.length > 0) log.warn(`History of ${name}: records ${absent.join(', ')} are missing or cannot be read.`);
    for (const version of windowOf(view, retain, () => lost(input, name, absent))) {
      if (!window.has(version)) window.set(version, `among the last ${retain} versions of ${name}`);
    }
  }
  return window;
}

function windowOf({ records, missing, unreadable }: HistoryView, retain: number, lost: () => Error): Set<string> {
  const bySequence = new Map(records.map((record) => [record.sequence, record]));
  const distinct = new Set<string>();
  const sequences = [...bySequence.keys(), ...missing, ...unreadable].sort((a, b) => b - a);
  for (const sequence of sequences) {
    const version = bySequence.get(sequence)?.version;
    const named = bySequence.get(sequence + 1)?.previous?.version;
    if (distinct.size >= retain) break;
    if (version === undefined && named === undefined) throw lost();
    // Where the two differ one of them is wrong, and nothing shows which.
    for (const found of [version, named]) if (found !== undefined) distinct.add(found);
  }
  return distinct;
}

function lost({ model, retain }: PruneInput, name: string, absent: readonly number[]): IntegrityError {
  return new IntegrityError(
    'history-unusable',
    `Records ${absent.join(', ')} of the history of ${name} of ${model} are missing or cannot be read, so which of its last ${retain} versions are to be kept is not known: nothing is deleted.`,
    {
      hint: 'Put them back from the versions that the bucket keeps, or ask for less with a smaller --retain, which looks less far back.',
      data: { model, pointer: name, records: absent },
    },
  );
}
