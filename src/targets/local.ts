import { readdir } from 'node:fs/promises';
import type { LocalTargetSettings } from '../config/types.ts';
import { hostPlatform, platformKey } from '../package/platform.ts';
import { entryName } from './local/command.ts';
import { deployCandidate } from './local/deploy.ts';
import { placeOf } from './local/place.ts';
import { planLocal } from './local/plan.ts';
import { removeFunction } from './local/remove.ts';
import { restoreLive, routeLive } from './local/route.ts';
import { type Sampling, sampleCold } from './local/sample-cold.ts';
import { endpointOf, portOf, readState, toRevision } from './local/state.ts';
import { processOf } from './local/sweep.ts';
import { type World, worldOf } from './local/world.ts';
import type { TargetDeps } from './open.ts';
import type { FoundFunction, Target, TargetState } from './target.ts';

/**
 * Functions as processes on this machine: the very package, unpacked, one process an instance, on loopback ports. A
 * candidate is a process pinned to a version, the live one follows the pointer, a sample is a new process.
 * Processes outlive the run. They carry a mark in their environment, which is how a later run finds those that a killed
 * one left, and the only reason for which a process is ever stopped.
 */
export function localTarget(settings: LocalTargetSettings, deps: TargetDeps): Target {
  const platform = hostPlatform();
  const world = worldOf(deps, settings.port);
  const sampling: Sampling = { seen: new Set(), packages: new Map() };
  return {
    key: `local-${platformKey(platform)}`,
    platform,
    entry: entryName,
    plan: (request) => planLocal(world, request),
    deploy: (request) => (request.role === 'live' ? routeLive(world, request) : deployCandidate(world, request)),
    sample: (request) => sampleCold(world, sampling, request),
    route: (request) => routeLive(world, request),
    restore: (request, move) => restoreLive(world, request, move),
    reach: (_settings, { url }) => endpointOf(portOf(url)),
    describe: ({ name }) => describeLocal(world, name),
    list: () => listLocal(world),
    remove: ({ name }, what, keep?: string) => removeFunction(world, name, what, keep),
  };
}

/** Every function has a folder below that of the environment. */
async function listLocal(world: World): Promise<FoundFunction[]> {
  const entries = await readdir(world.stateDir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => ({ name, storeVariables: undefined }));
}

/** Revisions whose process runs; one that has died serves nobody and is not counted. */
async function describeLocal(world: World, name: string): Promise<TargetState> {
  const place = await placeOf(world.stateDir, name);
  const { revisions } = await readState(place.state);
  const running = revisions.filter((revision) => processOf(world, place, revision));
  const live = running.find((revision) => revision.role === 'live');
  return {
    live: live && toRevision(live),
    candidates: running.filter((revision) => revision.role === 'candidate').map(toRevision),
  };
}
