import { prove } from '../proof/prove.ts';
import type { DeployRequest, DeployResult } from '../target.ts';
import type { Place } from './place.ts';
import { dropRevision, expectationOf, proofMs, recordStarted, startProven } from './revision.ts';
import { endpointOf, type LocalRevision, readState, toRevision } from './state.ts';
import { processOf, sweep } from './sweep.ts';
import { isSame, type Wanted, wantedOf } from './wanted.ts';
import { inPlace, type World } from './world.ts';

/**
 * Makes a candidate run: one process pinned to the version, on a port of its own. An equal one that still proves itself
 * is left alone. Throws UnprovenError; nothing of the candidate is then left running.
 */
export function deployCandidate(world: World, request: DeployRequest): Promise<DeployResult> {
  return inPlace(world, request.settings.name, async (place) => {
    const wanted = wantedOf(request);
    let state = await readState(place.state);
    await sweep(world, place, state);
    const known = state.revisions.find((r) => r.role === 'candidate' && r.version === wanted.version);
    if (known && (await isProven(world, place, request, wanted, known))) {
      return { revision: toRevision(known), changed: false };
    }
    if (known) state = await dropRevision(world, place, state, known);
    const revision = await startProven(world, place, request, wanted, 0);
    await recordStarted(world, place, { ...state, revisions: [...state.revisions, revision] }, revision);
    return { revision: toRevision(revision), changed: true };
  });
}

/** Whether the known revision is what is wanted, runs, and proves itself now. */
async function isProven(
  world: World,
  place: Place,
  request: DeployRequest,
  wanted: Wanted,
  known: LocalRevision,
): Promise<boolean> {
  if (!isSame(known, wanted) || !processOf(world, place, known)) return false;
  try {
    const options = { timeoutMs: proofMs, signal: world.signal };
    await prove(endpointOf(known.port), expectationOf(request, wanted), options);
    return true;
  } catch (error) {
    world.signal.throwIfAborted();
    world.log.warn(
      `The running candidate no longer proves itself, so it is started again. ${(error as Error).message}`,
    );
    return false;
  }
}
