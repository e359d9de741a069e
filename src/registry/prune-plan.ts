import type { Logger } from '../log.ts';
import { isPreviewVersion, newestFirst } from '../model/version.ts';
import type { ObjectInfo, Store } from '../stores/store.ts';
import { readHistory } from './history.ts';
import { listPins, type Pins } from './pins.ts';
import { namedBy, type Survey, type SurveyedVersion, surveyModel } from './survey.ts';
import { readTombstone } from './tombstone.ts';
import type { Sleeper } from './wait.ts';

/** How long the files of an unfinished publish, and the pin of a dead promotion, are left alone, ms. */
export const dayMs = 24 * 60 * 60 * 1000;

export interface PruneInput extends Sleeper {
  store: Store;
  model: string;
  /** Newest releases to keep; also how many distinct versions of each pointer's history are kept. At least 1. */
  retain: number;
  /** What must stay for reasons that the store does not know: deployed revisions, open previews. */
  protectedVersions?: readonly { version: string; reason: string }[] | undefined;
  /** Only these are looked at, and they are not kept for being new: a closed pull request's versions. */
  only?: readonly string[] | undefined;
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
  /** Pins of dead promotions, removed along the way. */
  stalePins: ObjectInfo[];
  /** What lies under versions/ and is none; never touched. */
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
  pins: Pins;
  /** Versions whose tombstone is past the point of no return. */
  deleting: Set<string>;
  newest: Set<string>;
  window: Map<string, string>;
  now: Date;
}

/**
 * Says what would be deleted and kept, and why. Reads only. Throws IntegrityError `pointer-unusable`, and what the store
 * throws: where anything cannot be read, nothing is deleted.
 */
export async function planPrune(input: PruneInput): Promise<PrunePlan> {
  return (await planOnGrounds(input)).plan;
}

export async function planOnGrounds(input: PruneInput): Promise<PruneGrounds> {
  const { store, model, now, leftoverAgeMs = dayMs } = input;
  const pins = await listPins(store, model, now(), leftoverAgeMs);
  const survey = await surveyModel(store, model);
  const deleting = new Set<string>();
  for (const { version, tombstone } of survey.versions.values()) {
    if (tombstone && (await readTombstone(store, model, version))?.state === 'deleting') deleting.add(version);
  }
  const releases = [...survey.versions.values()]
    .filter((v) => v.manifest && !deleting.has(v.version) && !isPreviewVersion(v.version))
    .map((v) => v.version);
  const newest = new Set(newestFirst(releases).slice(0, Math.max(1, input.retain)));
  const window = await historyWindow(input, survey);
  const grounds: Grounds = { input, survey, pins, deleting, newest, window, now: now() };
  const all = newestFirst(survey.versions.keys()).filter((v) => input.only?.includes(v) ?? true);
  const versions = all.map((version) => planOne(grounds, survey.versions.get(version)!));
  return { plan: { model, versions, stalePins: pins.stale, foreign: survey.foreign }, survey };
}

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
  { input, survey, pins, deleting, newest, window, now }: Grounds,
  found: SurveyedVersion,
): string[] {
  const { version } = found;
  const young = now.getTime() - found.touched.getTime() <= (input.leftoverAgeMs ?? dayMs);
  const reasons = namedBy(survey, version);
  // Half of it may be gone: only a pointer, which by the protocol cannot name it, would be a reason to stop.
  if (deleting.has(version)) return reasons;
  for (const p of input.protectedVersions ?? []) if (p.version === version) reasons.push(p.reason);
  if (pins.held.has(version)) reasons.push('a publish or a promotion is at work on it');
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

/** The last `retain` distinct versions that each pointer named, with the reason to keep them. */
async function historyWindow(input: PruneInput, survey: Survey): Promise<Map<string, string>> {
  const { store, model, retain, log } = input;
  const window = new Map<string, string>();
  for (const name of survey.pointers.keys()) {
    const distinct = new Set<string>();
    // A pointer that swings between few versions would need its whole history to name more: a bound is enough.
    const view = await readHistory({ store, model, pointer: name, limit: Math.max(1, retain) * 10 });
    if (view.unreadable.length > 0) {
      log.warn(`History of ${name}: records ${view.unreadable.join(', ')} cannot be read and keep nothing.`);
    }
    for (const record of view.records) {
      if (distinct.size < retain) distinct.add(record.version);
    }
    for (const version of distinct) {
      if (!window.has(version)) window.set(version, `among the last ${retain} versions of ${name}`);
    }
  }
  return window;
}
