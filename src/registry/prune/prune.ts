import { randomUUID } from 'node:crypto';
import { manifestKey } from '../../model/layout.ts';
import { type ObjectInfo, PreconditionError } from '../../stores/store.ts';
import { assertPointers } from '../pointer/guard.ts';
import { listVersion } from '../version/contents.ts';
import { type Leases, listLeases, removeStaleLeases } from '../version/leases.ts';
import { assertRemovals } from '../version/trust.ts';
import { fencePointer } from './fence.ts';
import { beginDeleting, type Mark, type Marking, mark, stillHeld, withdrawMark } from './mark.ts';
import { dayMs, type PruneGrounds, type PruneInput, type PrunePlan, planOnGrounds } from './plan.ts';
import { namedBy, type Survey, surveyModel } from './survey.ts';

export interface PruneResult {
  plan: PrunePlan;
  /** Gone now. */
  deleted: { version: string; bytes: number }[];
  /** Planned for deletion and kept after all, with the reason found at the second look. */
  withdrawn: { version: string; reason: string }[];
}

/**
 * Deletes what the plan lists without harming any promotion: mark every version to be deleted, check leases, put a
 * fence into every pointer, withdraw the marks of versions that are needed, and delete the rest: manifest first,
 * tombstone last. Killed anywhere, the next prune finishes or withdraws. History is never deleted.
 */
export async function prune(input: PruneInput & { dryRun?: boolean | undefined }): Promise<PruneResult> {
  const { store, model, now, log } = input;
  const { plan, survey: before } = await planOnGrounds(input);
  const result: PruneResult = { plan, deleted: [], withdrawn: [] };
  if (input.dryRun) return result;
  // Versions of one pull request are its own: its jobs are queued, and its role does not read what doctor found.
  if (!input.only && plan.versions.some(({ action }) => action !== 'keep')) await assertRemovals(store);
  const marking: Marking = { store, model, id: randomUUID(), now };
  const marks: Mark[] = [];
  const skip = (version: string, reason: string) => {
    result.withdrawn.push({ version, reason });
    log.info(`${model} ${version} stays: ${reason}.`);
  };
  for (const { version, action, state } of plan.versions) {
    if (action === 'keep' && state !== 'tombstoned') continue;
    const held = await mark(marking, version);
    if (held) marks.push(held);
    else skip(version, 'another prune is at work on it');
  }
  const leases = await listLeases(store, model, now(), input.leftoverAgeMs ?? dayMs);
  const survey = await lookAgain(input, marking, marks);
  for (const [at, held] of marks.entries()) {
    log.progress(`Pruning ${model}`, at, marks.length, 'steps');
    const need = needOf(input, { plan, survey: before }, leases, survey, held);
    if (need !== undefined) {
      await withdrawMark(marking, held);
      skip(held.version, need);
    } else if (await deleteVersion(marking, held)) {
      result.deleted.push({ version: held.version, bytes: survey.versions.get(held.version)?.bytes ?? 0 });
    } else skip(held.version, 'another prune took its mark');
  }
  await removeStaleLeases(store, plan.staleLeases);
  return result;
}

/**
 * The model as it is after the marks, and a fence in every pointer: from here on no promotion that was decided before can
 * win. Where a pointer takes no fence, or went away, nothing is deleted, and versions do not stay marked for it.
 */
async function lookAgain(input: PruneInput, marking: Marking, marks: readonly Mark[]): Promise<Survey> {
  const { store, model, id } = marking;
  const { log, sleep } = input;
  try {
    const survey = await surveyModel(store, model);
    if (!marks.some(({ state }) => state === 'checking')) return survey;
    await assertPointers(store, model, survey);
    for (const pointer of [...survey.pointers.keys()]) {
      survey.pointers.set(pointer, await fencePointer({ store, model, pointer, id, log, sleep }));
    }
    return survey;
  } catch (error) {
    for (const held of marks) if (held.state === 'checking') await withdrawMark(marking, held).catch(() => {});
    throw error;
  }
}

/** Why a marked version must stay after all; undefined when it can go. */
function needOf(
  input: PruneInput,
  before: PruneGrounds,
  leases: Leases,
  survey: Survey,
  { version, state }: Mark,
): string | undefined {
  const [named] = namedBy(survey, version);
  if (named) return named;
  // Past the point of no return: promotions see the mark and refuse, so a lease now is one that will be taken back.
  if (state === 'deleting') return undefined;
  if (leases.held.has(version)) return 'a publish or a promotion is at work on it';
  const planned = before.plan.versions.find((v) => v.version === version)!;
  if (planned.action === 'keep') return planned.reasons[0];
  const now = survey.versions.get(version);
  if (now?.manifest && now.manifest.token !== before.survey.versions.get(version)?.manifest?.token) {
    return 'it was published meanwhile';
  }
  const young = now && input.now().getTime() - now.touched.getTime() <= (input.leftoverAgeMs ?? dayMs);
  return young && !now.manifest ? 'a publish is at work on it' : undefined;
}

/** True when the version is gone; false when the mark was taken from us, before or during. */
async function deleteVersion(marking: Marking, checked: Mark): Promise<boolean> {
  const { store, model } = marking;
  const { version } = checked;
  const held = checked.state === 'deleting' ? checked : await beginDeleting(marking, checked);
  if (!held) return false;
  // More than one round only where something that keeps to no protocol writes in between.
  for (let round = 1; round <= 10; round += 1) {
    const listing = await listVersion(store, model, version);
    const rest: ObjectInfo[] = [...(listing.manifest ? [listing.manifest] : []), ...listing.objects.values()];
    if (rest.length === 0) {
      await withdrawMark(marking, held);
      return true;
    }
    for (const { key, token } of rest) {
      if (!(await stillHeld(marking, held))) return false;
      try {
        await store.remove(key, { unchanged: token });
      } catch (error) {
        if (!(error instanceof PreconditionError)) throw error;
        if (key === manifestKey(model, version)) break;
      }
    }
  }
  return false;
}
