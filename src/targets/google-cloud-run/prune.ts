import { type RunContext, runUrl, servicePath } from './context.ts';
import { purposeOfTag } from './names.ts';
import { finished } from './operations.ts';
import { isMissing } from './refusal.ts';
import { type Operation, type Service, shortName } from './resources.ts';
import type { RunRevision, RunState } from './state.ts';
import { namedIn, soundTraffic, trafficOf, withoutTags } from './traffic.ts';
import { setTraffic } from './update.ts';

/** Live revisions behind the current one that are kept, so that traffic can be set back. */
const keptLive = 2;
/** A candidate without a tag may be another run's, which is about to give it one, ms. */
const graceMs = 15 * 60_000;

/** Cloud Run removes no revision that was made last: it goes once another one was made. Without a tag it costs nothing. */
export const isLatest = ({ latestCreatedRevision }: Service, id: string): boolean =>
  shortName(latestCreatedRevision) === id;

/** Samples that are no longer being measured: of this run, or of one that was killed. They have only their own tag. */
export function endedSamples(
  { measured, now }: RunContext,
  { name, service, all }: Pick<RunState, 'name' | 'service' | 'all'>,
): RunRevision[] {
  const entries = trafficOf(service);
  // One that is being measured has its tag: both are made by the same call.
  const named = namedIn(service);
  const isOver = ({ id, until = '' }: RunRevision): boolean =>
    !named.has(id) || measured.get(name)?.has(id) === true || !(Date.parse(until) > now().getTime());
  const isOwn = ({ id }: RunRevision): boolean =>
    entries.every(({ revision, percent, tag }) => revision !== id || (!percent && purposeOfTag(tag) === 'sample'));
  return all.filter((one) => one.purpose === 'sample' && isOver(one) && isOwn(one));
}

/**
 * Revisions that are no longer needed: finished samples, candidates without a tag, live ones beyond the window, and the
 * first one once another one serves. Never one that has traffic or an unmanaged tag, and never one that Coldgate has
 * not created.
 */
export function surplusRevisions(
  context: RunContext,
  state: Pick<RunState, 'name' | 'service' | 'all'>,
): RunRevision[] {
  const { service, all } = state;
  const named = namedIn(service);
  // The one that was made last can lose its tag, and no more.
  const samples = endedSamples(context, state).filter(({ id }) => named.has(id) || !isLatest(service, id));
  const free = all.filter(({ id, purpose }) => purpose !== undefined && !named.has(id) && !isLatest(service, id));
  const live = free
    .filter(({ purpose, failed }) => purpose === 'live' && !failed)
    .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  const isOld = ({ createdAt }: RunRevision): boolean => context.now().getTime() - createdAt.getTime() > graceMs;
  const others = free.filter((one) => {
    if (one.purpose === 'sample') return false;
    if (one.failed || one.purpose === 'first') return true;
    return one.purpose === 'live' ? live.indexOf(one) >= keptLive : isOld(one);
  });
  return [...samples, ...others];
}

/**
 * Removes the tags of finished samples, all at once, and then every revision that is no longer needed. Throws only when
 * the run is aborted.
 */
export async function sweep(context: RunContext, state: RunState): Promise<void> {
  const surplus = surplusRevisions(context, state);
  if (surplus.length === 0) return;
  try {
    await dropTags(context, state, new Set(surplus.map(({ id }) => id)));
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.debug(`Tags of ${state.name} stay: ${(error as Error).message}`);
    return;
  }
  for (const { id } of surplus) await removeOrLeave(context, state, id);
}

/** Takes our tags away from these revisions. Returns whether there were any. */
export function dropTags(context: RunContext, state: RunState, gone: ReadonlySet<string>): Promise<boolean> {
  const isGone = (tag: string, revision: string | undefined): boolean =>
    purposeOfTag(tag) !== undefined && revision !== undefined && gone.has(revision);
  return setTraffic(context, state, withoutTags(soundTraffic(state), isGone));
}

/**
 * Removes a revision that is no longer needed; one that cannot be removed is left to a later run. Throws only at the
 * end of the run.
 */
export async function removeOrLeave(
  context: RunContext,
  { name, service }: Pick<RunState, 'name' | 'service'>,
  id: string,
): Promise<void> {
  if (isLatest(service, id)) return;
  context.log.debug(`Removing revision ${id}, which nothing names.`);
  try {
    await removeRevision(context, name, id);
    context.measured.get(name)?.delete(id);
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.debug(`Revision ${id} stays: ${(error as Error).message}`);
  }
}

/** Removes a revision; what is gone already is as good as removed now. */
export async function removeRevision(context: RunContext, service: string, id: string): Promise<void> {
  const path = `${servicePath(context, service)}/revisions/${id}`;
  const requestContext = { permission: 'run.revisions.delete', resource: path };
  try {
    const begun = await context.calls.send<Operation>({ method: 'DELETE', url: runUrl(context, path) }, requestContext);
    await finished(context, begun, `the removal of ${id}`, requestContext);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
