import { ColdgateError, toColdgateError, UnprovenError } from '../../errors.ts';
import { proveFollowing } from '../proof/follow.ts';
import type { DeployRequest, DeployResult, Revision } from '../target.ts';
import type { Place } from './place.ts';
import { choosePort } from './port.ts';
import { dropRevision, expectationOf, recordStarted, startProven, stopRevision } from './revision.ts';
import { endpointOf, type LocalRevision, type LocalState, readState, toRevision, urlOf } from './state.ts';
import { processOf, sweep } from './sweep.ts';
import { isSame, type Wanted, wantedOf } from './wanted.ts';
import { inPlace, type World } from './world.ts';

/**
 * Makes the live endpoint run this package and these settings. Unchanged, the process is kept: it follows the pointer by
 * itself, which is waited for and proven. Changed, a process on a passing port proves itself first, so that a package
 * that does not work never takes the endpoint down. Throws UnprovenError; what served before then still does.
 */
export function routeLive(world: World, request: DeployRequest): Promise<DeployResult> {
  return inPlace(world, request.settings.name, (place) => routeIn(world, place, request));
}

/** As routeLive, but only while one of the two is what is live, though it may have died; answers nothing else. */
export function restoreLive(
  world: World,
  request: DeployRequest,
  { from, to }: { from: Revision; to: Revision },
): Promise<DeployResult | undefined> {
  return inPlace(world, request.settings.name, async (place) => {
    const { revisions } = await readState(place.state);
    const live = revisions.find((r) => r.role === 'live');
    return live?.id === from.id || live?.id === to.id ? routeIn(world, place, request) : undefined;
  });
}

async function routeIn(world: World, place: Place, request: DeployRequest): Promise<DeployResult> {
  const wanted = wantedOf({ ...request, role: 'live' });
  let state = await readState(place.state);
  await sweep(world, place, state);
  const known = state.revisions.find((r) => r.role === 'live');
  const runs = known !== undefined && processOf(world, place, known) !== undefined;
  if (runs && isSame(known, wanted) && isOnPort(world, known)) {
    const trouble = await troubleOf(world, place, request, wanted, known);
    if (!trouble) return { revision: toRevision(known), changed: false };
    // It answers and says something else than it should: starting it again would not change the pointer.
    if (trouble.code === 'pointer-refused' || trouble.code === 'wrong-model') throw trouble;
    world.log.warn(`The live process no longer proves itself, so it is replaced. ${trouble.message}`);
  }
  if (runs) return { revision: toRevision(await replace(world, place, request, wanted, state, known)), changed: true };
  if (known) state = await dropRevision(world, place, state, known);
  const port = await choosePort(world.port, state.port, place.tag, world.log);
  const revision = await startProven(world, place, request, wanted, port);
  await record(world, place, state, revision);
  return { revision: toRevision(revision), changed: true };
}

const isOnPort = (world: World, known: LocalRevision): boolean => world.port === undefined || known.port === world.port;

async function record(world: World, place: Place, state: LocalState, revision: LocalRevision): Promise<void> {
  const others = state.revisions.filter((r) => r.role !== 'live');
  await recordStarted(world, place, { ...state, port: revision.port, revisions: [...others, revision] }, revision);
}

async function troubleOf(
  world: World,
  place: Place,
  request: DeployRequest,
  wanted: Wanted,
  known: LocalRevision,
): Promise<ColdgateError | undefined> {
  try {
    await proveFollowing(endpointOf(known.port), expectationOf(request, wanted), {
      refreshSeconds: Number(request.settings.handlerVariables['MODEL_REFRESH_SECONDS'] ?? 30),
      isRunning: () => processOf(world, place, known) !== undefined,
      signal: world.signal,
    });
    return undefined;
  } catch (error) {
    if (error instanceof ColdgateError) return error;
    throw error;
  }
}

/**
 * Swaps the live process. The gap is the time from the old one's end until the new one listens: a port has one listener.
 * Should the port be lost in that moment, or the run be stopped, the process that has proven itself takes over where it
 * is.
 */
async function replace(
  world: World,
  place: Place,
  request: DeployRequest,
  wanted: Wanted,
  state: LocalState,
  known: LocalRevision,
): Promise<LocalRevision> {
  const trial = await startProven(world, place, request, wanted, 0);
  let live: LocalRevision;
  try {
    await stopRevision(world, place, known);
    const port = await choosePort(world.port, known.port, place.tag, world.log);
    live = await startProven(world, place, request, wanted, port);
    await record(world, place, state, live);
  } catch (error) {
    await record(world, place, state, trial);
    if (!(error instanceof UnprovenError)) throw error;
    const hint = `The endpoint answers at ${urlOf(trial.port)} meanwhile. ${error.hint ?? ''}`;
    throw new UnprovenError(error.code, error.message, { hint, cause: error, data: { ...error.data } });
  }
  // Only now: what cannot be stopped must not be taken for what is live. Nothing names it, so the next run stops it.
  try {
    await stopRevision(world, place, trial);
  } catch (error) {
    const { message, hint } = toColdgateError(error);
    world.log.warn(`The new live process serves; the one that was tried before it is still there. ${message} ${hint}`);
  }
  return live;
}
