import { randomUUID } from 'node:crypto';
import { sideBySide } from '../../side-by-side.ts';
import { assertPointers } from '../pointer/guard.ts';
import { type Leases, listLeases, removeStaleLeases } from '../version/leases.ts';
import { assertRemovals } from '../version/trust.ts';
import { deleteVersion } from './delete-version.ts';
import { fencePointer } from './fence.ts';
import { type Mark, type Marking, mark, withdrawMark } from './mark.ts';
import { dayMs, type PruneGrounds, type PruneInput, type PrunePlan, planOnGrounds } from './plan.ts';
import { namedBy, type Survey, surveyModel } from './survey.ts';

/** Versions that requests are on their way for at a time: each of their requests waits for the one before it. */
const versionsAtOnce = 16;

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
  const skip = (version: string, reason: string) => {
    result.withdrawn.push({ version, reason });
    log.info(`${model} ${version} stays: ${reason}.`);
  };
  const going = plan.versions.filter(({ action, state }) => action !== 'keep' || state === 'tombstoned');
  const held = await sideBySide(going, versionsAtOnce, ({ version, state }) =>
    mark(marking, version, state === 'tombstoned'),
  );
  for (const [at, { version }] of going.entries()) if (!held[at]) skip(version, 'another prune is at work on it');
  const marks = held.filter((one) => one !== undefined);
  const leases = await listLeases(store, model, now(), input.leftoverAgeMs ?? dayMs);
  const survey = await lookAgain(input, marking, marks);
  let done = 0;
  const stays = await sideBySide(marks, versionsAtOnce, async (one) => {
    const need = needOf(input, { plan, survey: before }, leases, survey, one);
    const why = need === undefined ? await remove(marking, one, survey) : await spare(marking, one, need);
    log.progress(`Pruning ${model}`, ++done, marks.length, 'steps');
    return why;
  });
  for (const [at, { version }] of marks.entries()) {
    const why = stays[at];
    if (why !== undefined) skip(version, why);
    else result.deleted.push({ version, bytes: survey.versions.get(version)?.bytes ?? 0 });
  }
  await removeStaleLeases(store, plan.staleLeases);
  return result;
}

/** Undefined once the version is gone, else why it stays. */
async function remove(marking: Marking, held: Mark, survey: Survey): Promise<string | undefined> {
  const gone = await deleteVersion(marking, held, survey.versions.get(held.version));
  return gone ? undefined : 'another prune took its mark';
}

async function spare(marking: Marking, held: Mark, need: string): Promise<string> {
  await withdrawMark(marking, held);
  return need;
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
