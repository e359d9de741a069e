import { ColdgateError } from '../../errors.ts';
import { proveFollowing } from '../proof/follow.ts';
import { type Endpoint, type Expectation, prove } from '../proof/prove.ts';
import type { DeployRequest, DeployResult } from '../target.ts';
import { type Address, ensureAddress, ensureAlias } from './address.ts';
import { ensureBatch } from './batch.ts';
import { endpointOf, expectationOf, proofMs, removeVersion, revisionOf } from './deploy.ts';
import { invokeEndpoint } from './endpoint.ts';
import { ensureFunctionSettings } from './function-settings.ts';
import { pruneLayers } from './layer.ts';
import { candidatesOf, type FunctionState, isSame, observe, type PublishedVersion, versionOf } from './observe.ts';
import { ensureProvisioned, releaseOthers } from './provisioned.ts';
import { surplusVersions, sweep } from './prune.ts';
import { ensureFunction, publish } from './publish.ts';
import { MovedError } from './refusal.ts';
import { ensureScaling } from './scaling.ts';
import { shiftTraffic } from './shift.ts';
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
      const warmed = await ensureProvisioned(world, state, current.number);
      const realigned = await ensureAlias(world, state, alias, current.number);
      const address = await ensureAddress(world, state, alias, wanted);
      const trouble = await troubleOf(world, endpointOf(world, state, alias, address), request, wanted);
      if (!trouble) {
        const scaled = await ensureScaling(world, state, current.number);
        const released = await releaseOthers(world, state, current.number);
        const told = await ensureBatch(world, state);
        const changed = settled || warmed || realigned || address.changed || scaled || released || told;
        // A run that was killed while it removed a candidate has left a version that no alias names any more.
        const candidates = candidatesOf(state).length + surplusVersions(state, world.now()).length;
        return { revision: revisionOf(current, address.url), changed, candidates };
      }
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
  await ensureProvisioned(world, state, version.number);
  const { judge } = request;
  const address = await flip(world, state, { wanted, version, before: current, expected, judge });
  const after = (await observe(world, state.name)) ?? state;
  await ensureScaling(world, after, version.number);
  await releaseOthers(world, after, version.number);
  await ensureBatch(world, after);
  await sweep(world, after);
  if (after.versions.some(({ hasRuntimeLayer }) => hasRuntimeLayer)) await pruneLayers(world, world.layers.values());
  return { revision: revisionOf(version, address.url), changed: true, candidates: candidatesOf(state).length };
}

interface Flip {
  wanted: Wanted;
  version: PublishedVersion;
  before: PublishedVersion | undefined;
  expected: Expectation;
  judge: DeployRequest['judge'];
}

/** Moves the alias, proves its address, and moves it back where that fails; only while it is where we have put it. */
async function flip(world: World, state: FunctionState, flipped: Flip): Promise<Address> {
  const { alias } = world.settings;
  const { wanted, version, before, expected, judge } = flipped;
  try {
    if (before) {
      await shiftTraffic(world, state, { before: before.number, after: version.number, expected, judge });
    }
    await ensureAlias(world, state, alias, version.number);
    const address = await ensureAddress(world, state, alias, wanted, true);
    await prove(endpointOf(world, state, alias, address), expected, { timeoutMs: proofMs, signal: world.signal });
    return address;
  } catch (error) {
    if (before && !(error instanceof MovedError)) await setBack(world, state.name, version.number, before.number);
    throw error;
  }
}

async function setBack(world: World, name: string, from: string, to: string): Promise<void> {
  const { alias } = world.settings;
  const now = await observe(world, name);
  const names = now?.aliases.get(alias);
  const ours = names?.FunctionVersion === from || from in (names?.RoutingConfig?.AdditionalVersionWeights ?? {});
  if (!now || !ours) return;
  await ensureAlias(world, now, alias, to).catch((moved: unknown) => {
    if (!(moved instanceof MovedError)) throw moved;
  });
  await releaseOthers(world, now, to);
  world.log.warn(`The alias ${alias} is back on version ${to}, which served before.`);
}

/**
 * Publishes what `routeLive` will move the alias to and has its provisioned instances ready, before the pointer moves.
 * Without provisioned concurrency that would only be done twice. Throws as `publish` and `ensureProvisioned` do.
 */
export async function prepareLive(world: World, request: DeployRequest): Promise<void> {
  if (world.settings.provisionedConcurrency === 0) return;
  const wanted = wantedOf(world.settings, { ...request, role: 'live' });
  await converge(world, async () => {
    const state = await ensureFunction(world, request.settings.name, wanted, request.package);
    const current = versionOf(state, world.settings.alias);
    const ready = current && isSame(current, wanted) ? current : undefined;
    const version = ready ?? (await publish(world, state, wanted, request.package)).version;
    await ensureProvisioned(world, state, version.number);
  });
}
