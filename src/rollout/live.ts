import { ColdgateError } from '../errors.ts';
import { converge, type Rollout, whileMoved } from './context.ts';
import { type Address, type Deployed, type FunctionView, MovedError, type Wanted } from './platform.ts';
import { isOfThePointer } from './proof/follow.ts';
import type { Endpoint } from './proof/prove.ts';
import { expectationFor, proveRevision, troubleOf } from './proof.ts';
import { withdraw } from './retire.ts';
import type { DeployRequest, DeployResult } from './target.ts';
import { isSame, toRevision, wantedOf } from './wanted.ts';

/**
 * Makes what is live run this package and these settings, following the pointer. Unchanged, it is waited for until it
 * has followed. Changed, the new revision passes its readiness proof before traffic moves to it, so that one that does
 * not work never serves a caller. Throws UnprovenError; what served before then still does.
 */
export function routeLive<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  request: DeployRequest,
): Promise<DeployResult> {
  return converge(rollout, request.settings.name, () => routeOnce(rollout, request));
}

/** One attempt of `routeLive`, for callers that hold the function already. */
export async function routeOnce<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  request: DeployRequest,
): Promise<DeployResult> {
  const { platform, log } = rollout;
  const wanted = wantedOf(platform, request, 'live');
  const view = await platform.open(request, wanted);
  const current = view.live;
  if (current && isSame(current, wanted)) {
    const kept = await keepLive(rollout, view, { request, wanted, current });
    if (!(kept instanceof ColdgateError)) return kept;
    // It answers with the wrong version: publishing it again would not change the pointer.
    if (isOfThePointer(kept)) throw kept;
    log.warn(`The live function no longer passes its readiness proof, so it is replaced. ${kept.message}`);
  }
  return replaceLive(rollout, view, { request, wanted, current });
}

interface Live<R> {
  request: DeployRequest;
  wanted: Wanted;
  current: R;
}

/**
 * Settles everything that belongs to an unchanged live revision. Returns what is wrong if it fails its readiness proof.
 */
async function keepLive<R extends Deployed, V extends FunctionView<R>>(
  { platform, ...rollout }: Rollout<R, V>,
  view: V,
  { request, wanted, current }: Live<R>,
): Promise<DeployResult | ColdgateError> {
  const warmed = await platform.warm?.(view, current);
  const realigned = await platform.shift(view, { from: current, to: current });
  const address = await platform.expose(view, current, { request, recheck: false });
  const endpoint = platform.endpoint(view, current, address);
  const expected = expectationFor(request, wanted.revision);
  const trouble = await troubleOf({ platform, ...rollout }, { view, endpoint }, request, expected);
  if (trouble) return trouble;
  const followed = await platform.settle?.(view, current);
  const changed = [view.settled, warmed, realigned.changed, address.changed, followed].includes(true);
  // A run that was killed while it removed a candidate has left a revision that nothing names any more.
  const candidates = view.candidates.length + (view.surplus ?? 0);
  return { revision: toRevision(current, address.url), changed, candidates };
}

async function replaceLive<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  view: V,
  { request, wanted, current }: Omit<Live<R>, 'current'> & { current: R | undefined },
): Promise<DeployResult> {
  const { platform } = rollout;
  const { revision, fresh, inPlace } = await platform.publish(view, wanted, request, current);
  // Where it takes the place of what is live there is nothing to call yet: the proof follows the change.
  if (!inPlace) {
    try {
      const endpoint = platform.direct(view, revision);
      await proveRevision(rollout, { view, revision, endpoint }, expectationFor(request, wanted.revision));
    } catch (error) {
      if (fresh) await withdraw(rollout, view, [revision], error);
      throw error;
    }
    await platform.warm?.(view, revision);
  }
  const known = inPlace ? [] : [platform.direct(view, revision).url];
  const { live, address } = await moveTraffic(rollout, view, { request, wanted, current, known }, revision);
  const after = (await platform.observe(view.name)) ?? view;
  await platform.settle?.(after, live);
  await platform.tidy(after, 'live');
  return { revision: toRevision(live, address.url), changed: true, candidates: view.candidates.length };
}

interface Moving<R> extends Omit<Live<R>, 'current'> {
  current: R | undefined;
  /** URLs by which the new revision has passed its readiness proof. */
  known: readonly string[];
}

/** Moves traffic, proves the address, and moves back where that fails; only while traffic is where we have put it. */
async function moveTraffic<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  view: V,
  { request, wanted, current, known }: Moving<R>,
  to: R,
): Promise<{ live: R; address: Address }> {
  const { platform } = rollout;
  const expected = expectationFor(request, wanted.revision);
  const proven = new Set(known);
  const prove = async (endpoint: Endpoint): Promise<void> => {
    await proveRevision(rollout, { view, revision: to, endpoint }, expected);
    proven.add(endpoint.url);
  };
  try {
    const move = { from: current, to, forward: { prove, judge: request.judge } };
    const { revision: live } = await platform.shift(view, move);
    const address = await platform.expose(view, live, { request, recheck: true });
    const endpoint = platform.endpoint(view, live, address);
    // Where the address has just passed its readiness proof, another request would show nothing new.
    if (!proven.has(endpoint.url)) await prove(endpoint);
    return { live, address };
  } catch (error) {
    // What was published once more under its own id has nothing to go back to.
    const hasOther = current !== undefined && current.id !== to.id;
    if (hasOther && !(error instanceof MovedError)) await moveBack(rollout, view.name, to, current);
    throw error;
  }
}

/**
 * Gives live traffic back to what served before, if that still exists and no one else has moved it. If another change
 * of the function came in between, such as a candidate, it observes again and retries: callers must not be left with
 * what does not work.
 */
async function moveBack<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  name: string,
  from: R,
  to: R,
): Promise<void> {
  const { platform, log } = rollout;
  await whileMoved(rollout, async () => {
    const now = await platform.observe(name);
    const isOurs = now?.live?.id === from.id || now?.shifting?.id === from.id;
    if (!now || !isOurs || !now.revisions.some(({ id }) => id === to.id)) return;
    await platform.shift(now, { from, to });
    await platform.settle?.(now, to);
    log.warn(`Live traffic is back on revision ${to.id}, which served before.`);
  });
}

/**
 * Publishes what `routeLive` will move traffic to and has its warm instances ready, before the pointer moves.
 * Throws as the platform does.
 */
export async function prepareLive<R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  request: DeployRequest,
): Promise<void> {
  const { platform } = rollout;
  const wanted = wantedOf(platform, request, 'live');
  await converge(rollout, request.settings.name, async () => {
    const view = await platform.open(request, wanted);
    const ready = view.live && isSame(view.live, wanted) ? view.live : undefined;
    await platform.warm?.(view, ready ?? (await platform.publish(view, wanted, request)).revision);
  });
}
