import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import type { TargetDeps } from '../open.ts';
import { pause } from '../pause.ts';
import { type LambdaCalls, openCalls } from './calls.ts';
import { MovedError, toRefusal } from './refusal.ts';

/** What every operation of the target works with. */
export interface World extends TargetDeps {
  settings: AwsLambdaSettings;
  calls: LambdaCalls;
  /** ARNs of layer versions by the sha256 of what is in them, as found by this run. */
  layers: Map<string, string>;
}

export const worldOf = (settings: AwsLambdaSettings, deps: TargetDeps): World => ({
  ...deps,
  settings,
  calls: openCalls(settings.region, deps),
  layers: new Map(),
});

const mostLooks = 20;

/**
 * Looks and does what is missing, again when someone else moved in between: every change carries the revision that it was
 * decided on. Gives up after twenty looks, as ConflictError `function-busy` would.
 */
export async function converge<T>(world: World, attempt: () => Promise<T>): Promise<T> {
  for (let look = 1; ; look++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof MovedError)) throw error;
      world.layers.clear();
      if (look === mostLooks) throw toRefusal(error.cause);
      world.log.debug(`The function changed meanwhile, looking again: ${error.message}`);
      await pause(Math.random() * 100 * look, world.signal);
    }
  }
}
