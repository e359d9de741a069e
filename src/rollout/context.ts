import type { Logger } from '../log.ts';
import type { pause } from '../pause.ts';
import { type Deployed, type FunctionView, MovedError, type Platform } from './platform.ts';

/** What a rollout works with beside its platform. */
export interface RolloutDeps {
  log: Logger;
  /** Aborted when the run is to end; waiting stops, and nothing half made is left running. */
  signal: AbortSignal;
  /** Waits between two looks at a function that someone else is changing, ms. */
  pause?: typeof pause;
}

/** A rollout on one platform. */
export interface Rollout<R extends Deployed, V extends FunctionView<R>> extends Required<RolloutDeps> {
  platform: Platform<R, V>;
  /** Instances that have answered a sample before: a cold start has a new one. */
  seen: Set<string>;
}

const maxLooks = 20;

/**
 * Runs an attempt again for as long as someone else moved in between: every change carries the view that it was decided on.
 * Throws the reason of the last MovedError after twenty attempts.
 */
export async function whileMoved<T, R extends Deployed, V extends FunctionView<R>>(
  { platform, log, signal, ...deps }: Rollout<R, V>,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let look = 1; ; look++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof MovedError)) throw error;
      platform.forget?.();
      if (look === maxLooks) throw error.giveUp();
      log.debug(`The function changed meanwhile, looking again: ${error.message}`);
      await deps.pause(Math.random() * 100 * look, signal);
    }
  }
}

/** As `whileMoved`, with the function locked where the platform can. */
export const converge = <T, R extends Deployed, V extends FunctionView<R>>(
  rollout: Rollout<R, V>,
  name: string,
  attempt: () => Promise<T>,
): Promise<T> => whileMoved(rollout, () => rollout.platform.exclusive(name, attempt));
