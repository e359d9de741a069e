import { expectationFor } from '../proof/expectation.ts';
import { proveFollowing } from '../proof/follow.ts';
import type { Endpoint } from '../proof/prove.ts';
import type { DeployRequest, DeployResult, Revision } from '../target.ts';
import { ensureAddress, ensureAlias } from './address.ts';
import { endpointOf, revisionOf } from './deploy.ts';
import { endpointAt } from './endpoint.ts';
import { candidateAlias, functionName } from './names.ts';
import { observe, versionOf } from './observe.ts';
import { ensureProvisioned, releaseOthers } from './provisioned.ts';
import { routeLive } from './route.ts';
import { ensureScaling } from './scaling.ts';
import { converge, type World } from './world.ts';

/**
 * Sets the live alias back to the version that it named before, on the revision id that it is seen at now, and demands
 * the version of the pointer from it. One that is pruned meanwhile is published again. Answers nothing where the alias
 * names neither version any more. Throws UnprovenError.
 */
export function restoreLive(
  world: World,
  request: DeployRequest,
  { from, to }: { from: Revision; to: Revision },
): Promise<DeployResult | undefined> {
  const { alias } = world.settings;
  return converge(world, async () => {
    const state = await observe(world, request.settings.name);
    const now = state && versionOf(state, alias)?.number;
    if (!state || (now !== from.id && now !== to.id)) return undefined;
    const before = state.versions.find(({ number }) => number === to.id);
    if (!before) return routeLive(world, request);
    const changed = await ensureAlias(world, state, alias, before.number);
    const address = await ensureAddress(world, state, alias);
    await proveFollowing(endpointOf(world, state, alias, address), expectationFor(request, undefined), {
      refreshSeconds: Number(request.settings.handlerVariables['MODEL_REFRESH_SECONDS'] ?? 30),
      isRunning: () => true,
      signal: world.signal,
    });
    // Callers are served again first: their instances are kept warm after that.
    const warmed = await ensureProvisioned(world, state, before.number);
    await ensureScaling(world, state, before.number);
    await releaseOthers(world, state, before.number);
    return { revision: revisionOf(before, address.url), changed: changed || warmed };
  });
}

/** How callers reach a revision. */
export function reachRevision(world: World, name: string, { role, version, url }: Revision): Endpoint {
  const alias = role === 'live' ? world.settings.alias : candidateAlias(version ?? '');
  return endpointAt(world, { name: functionName(name), alias, url, changed: false });
}
