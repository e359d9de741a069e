import { ColdgateError } from '../../errors.ts';
import { proveFollowing } from '../proof/follow.ts';
import { type Endpoint, prove } from '../proof/prove.ts';
import type { DeployRequest, DeployResult } from '../target.ts';
import { type Address, ensureAddress, ensureAlias } from './address.ts';
import { endpointOf, expectationOf, proofMs, removeVersion, revisionOf } from './deploy.ts';
import { invokeEndpoint } from './endpoint.ts';
import { ensureFunctionSettings } from './function-settings.ts';
import { candidatesOf, type FunctionState, isSame, observe, type PublishedVersion, versionOf } from './observe.ts';
import { sweep } from './prune.ts';
import { ensureFunction, publish } from './publish.ts';
import { MovedError } from './refusal.ts';
import { type Wanted, wantedOf } from './wanted.ts';
import { converge, type World } from './world.ts';

/**
 * Makes the live alias run this package and these settings, following the pointer. Unchanged, it is waited for until it
 * has followed. Changed, the new version proves itself before the alias moves to it, so that one that does not work never
 * serves a caller. Throws UnprovenError; what served before then still does.
 */
export function routeLive(world: World, request: DeployRequest): Promise<DeployResult> {
  const wanted = wantedOf(world.settings, { ...request, role: 'live' });
  const { alias } = world.settings;
  return converge(world, async () => {
    const state = await ensureFunction(world, request.settings.name, wanted, request.package);
    const settled = await ensureFunctionSettings(world, state);
    const current = versionOf(state, alias);
    if (current && isSame(current, wanted)) {
      const realigned = await ensureAlias(world, state, alias, current.number);
      const address = await ensureAddress(world, state, alias, wanted);
      const trouble = await troubleOf(world, endpointOf(world, state, alias, address), request, wanted);
      const changed = settled || realigned || address.changed;
      if (!trouble)
        return { revision: revisionOf(current, address.url), changed, candidates: candidatesOf(state).length };
      // It answers and says something else than it should: publishing it again would not change the pointer.
      if (trouble.code === 'pointer-refused' || trouble.code === 'wrong-model') throw trouble;
      world.log.warn(`The live function no longer proves itself, so it is published again. ${trouble.message}`);
    }
    return replace(world, state, request, wanted, current);
  });
}

async function troubleOf(
  world: World,
  endpoint: Endpoint,
  request: DeployRequest,
  wanted: Wanted,
): Promise<ColdgateError | undefined> {
  try {
    await proveFollowing(endpoint, expectationOf(request, wanted), {
      refreshSeconds: Number(request.settings.handlerVariables['MODEL_REFRESH_SECONDS'] ?? 30),
      isRunning: () => true,
      signal: world.signal,
    });
    return undefined;
  } catch (error) {
    if (error instanceof ColdgateError && error.code !== 'permission-denied') return error;
    throw error;
  }
}

async function replace(
  world: World,
  state: FunctionState,
  request: DeployRequest,
  wanted: Wanted,
  current: PublishedVersion | undefined,
): Promise<DeployResult> {
  const { version, fresh } = await publish(world, state, wanted, request.package, current?.number);
  const expected = expectationOf(request, wanted);
  try {
    await prove(invokeEndpoint(world, state.name, version.number), expected, {
      timeoutMs: proofMs,
      signal: world.signal,
    });
  } catch (error) {
    if (error instanceof ColdgateError && fresh) await removeVersion(world, state.name, version.number);
    throw error;
  }
  const address = await flip(world, state, { wanted, version, before: current }, async (endpoint) => {
    await prove(endpoint, expected, { timeoutMs: proofMs, signal: world.signal });
  });
  await sweep(world, (await observe(world, state.name)) ?? state);
  return { revision: revisionOf(version, address.url), changed: true, candidates: candidatesOf(state).length };
}

interface Flip {
  wanted: Wanted;
  version: PublishedVersion;
  before: PublishedVersion | undefined;
}

/** Moves the alias, proves its address, and moves it back where that fails; only while it is where we have put it. */
async function flip(
  world: World,
  state: FunctionState,
  { wanted, version, before }: Flip,
  proof: (endpoint: Endpoint) => Promise<void>,
): Promise<Address> {
  const { alias } = world.settings;
  await ensureAlias(world, state, alias, version.number);
  const address = await ensureAddress(world, state, alias, wanted, true);
  try {
    await proof(endpointOf(world, state, alias, address));
    return address;
  } catch (error) {
    const now = await observe(world, state.name);
    if (before && now && versionOf(now, alias)?.number === version.number) {
      await ensureAlias(world, now, alias, before.number).catch((moved: unknown) => {
        if (!(moved instanceof MovedError)) throw moved;
      });
      world.log.warn(`The alias ${alias} is back on version ${before.number}, which served before.`);
    }
    throw error;
  }
}
