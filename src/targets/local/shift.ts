import { toColdgateError, UnprovenError } from '../../errors.ts';
import type { Move } from '../../rollout/platform.ts';
import type { LocalContext } from './context.ts';
import { choosePort } from './port.ts';
import { endpointOf, urlOf } from './state.ts';
import { type LocalProcess, type LocalView, record, stopRevision } from './view.ts';

/**
 * Swaps the live process, all at once: a port has one listener. The gap is the time from the old one's end until the
 * new one listens. If the port is lost in that moment, or the run is stopped, the proven process takes over on its own
 * port.
 */
export async function shiftLive(
  context: LocalContext,
  view: LocalView,
  { from, to, forward }: Move<LocalProcess>,
): Promise<{ revision: LocalProcess; changed: boolean }> {
  if (from?.pid === to.pid && from.started === to.started) return { revision: to, changed: false };
  if (!from || !to.again) {
    await record(context, view, to);
    return { revision: to, changed: true };
  }
  let revision: LocalProcess;
  try {
    await stopRevision(context, view.place, from);
    revision = await to.again(await choosePort(context.port, from.port, view.place.tag, context.log));
    await proveOrStop(context, view, revision, forward);
    await record(context, view, revision);
  } catch (error) {
    await record(context, view, to);
    if (!(error instanceof UnprovenError)) throw error;
    const hint = `The endpoint answers at ${urlOf(to.port)} meanwhile. ${error.hint ?? ''}`;
    throw new UnprovenError(error.code, error.message, { hint, cause: error, data: { ...error.data } });
  }
  // Only now: what cannot be stopped must not be taken for what is live. Nothing names it, so the next run stops it.
  try {
    await stopRevision(context, view.place, to);
  } catch (error) {
    const { message, hint } = toColdgateError(error);
    context.log.warn(
      `The new live process serves; the one that was tried before it is still there. ${message} ${hint}`,
    );
  }
  return { revision, changed: true };
}

async function proveOrStop(
  context: LocalContext,
  { place }: LocalView,
  revision: LocalProcess,
  forward: Move<LocalProcess>['forward'],
): Promise<void> {
  try {
    await forward?.prove(endpointOf(revision.port));
  } catch (error) {
    await stopRevision(context, place, revision);
    throw error;
  }
}
