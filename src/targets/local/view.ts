import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Deployed, FunctionView } from '../../rollout/platform.ts';
import type { LocalContext } from './context.ts';
import { type FunctionPaths, functionPaths } from './paths.ts';
import { type LocalRevision, type LocalState, readState, urlOf, writeState } from './state.ts';
import { isGone, stopProcess } from './stop-process.ts';
import { processOf } from './sweep.ts';

/** A process as a revision. */
export interface LocalProcess extends Deployed, LocalRevision {
  role: 'candidate' | 'live';
  /** Starts the same once more on another port, while this run lasts. */
  again?: ((port: number) => Promise<LocalProcess>) | undefined;
}

/** A function on this machine. */
export interface LocalView extends FunctionView<LocalProcess> {
  place: FunctionPaths;
  /** As it is on the disk; the holder of the function's lock keeps both the same. */
  state: LocalState;
}

/** The longest that a killed process takes to be gone. */
const dyingMs = 2000;

/** The function as it is recorded; a revision whose process has ended has no address. */
export async function viewOf(context: LocalContext, name: string): Promise<LocalView> {
  const place = await functionPaths(context.stateDir, name);
  const state = await readState(place.state);
  const revisions = state.revisions.map((one) => ({
    ...one,
    url: processOf(context, place, one) ? urlOf(one.port) : undefined,
  }));
  const live = revisions.find(({ role }) => role === 'live');
  const candidates = revisions.filter(({ role }) => role === 'candidate');
  return { name, place, state, live, candidates, revisions: live?.url === undefined ? [] : [live] };
}

/**
 * Writes the state with the process in it; of live ones there is one. If that cannot be written the process is stopped:
 * no later run would find it.
 */
export async function record(
  context: LocalContext,
  view: LocalView,
  { url: _, again: __, ...revision }: LocalProcess,
): Promise<void> {
  const { state, place } = view;
  const isReplaced = (one: LocalRevision): boolean => revision.role === 'live' && one.role === 'live';
  const port = revision.role === 'live' ? revision.port : state.port;
  const next = { ...state, port, revisions: [...state.revisions.filter((one) => !isReplaced(one)), revision] };
  try {
    await writeState(place.state, next);
  } catch (error) {
    await stopRevision(context, place, revision);
    throw error;
  }
  view.state = next;
}

/**
 * Stops the process of a revision, if it runs and is provably ours. One that is being killed loses its environment, and
 * with it our mark, before it lets go of its port: that moment is waited for, so that the next one can have the port.
 */
export async function stopRevision(
  context: LocalContext,
  place: FunctionPaths,
  revision: LocalRevision,
): Promise<void> {
  const found = processOf(context, place, revision);
  if (found) await stopProcess(context.table, found);
  else await isGone(context.table, revision, dyingMs);
}

/** Stops a revision and forgets it; its model files go too, unless another process of the same revision has them. */
export async function dropRevision(context: LocalContext, view: LocalView, revision: LocalRevision): Promise<void> {
  await stopRevision(context, view.place, revision);
  const isThis = (one: LocalRevision): boolean => one.pid === revision.pid && one.started === revision.started;
  if (view.state.revisions.some(isThis)) {
    view.state = { ...view.state, revisions: view.state.revisions.filter((one) => !isThis(one)) };
    await writeState(view.place.state, view.state);
  }
  if (view.state.revisions.some(({ id }) => id === revision.id)) return;
  await rm(join(view.place.models, revision.id), { recursive: true, force: true });
}
