import type { RunContext } from './context.ts';
import { isTakenName, refusesSkippedCheck } from './refusal.ts';

/**
 * Runs a call that asks Cloud Run not to start an instance at deployment, and once more without asking where it does not
 * take that. Samples then end that instance and measure the start after it: second-start.ts.
 */
export async function skippingCheck<T>(context: RunContext, call: (skipCheck: boolean) => Promise<T>): Promise<T> {
  if (context.startsAtDeployment) return call(false);
  try {
    return await call(true);
  } catch (error) {
    const { cause = error } = error as Error;
    if (!refusesSkippedCheck(cause)) throw error;
    context.startsAtDeployment = true;
    context.log.warn(
      'Cloud Run does not take healthCheckDisabled here, so each sample is the second start of its revision: the instance of the deployment is ended by a request, and the next one is measured.',
    );
    return call(false);
  }
}

/** An image of before, or of someone else's, that does not end when it is asked to: said once in a run. */
export function notEnded(context: RunContext): void {
  if (context.saidNotEnded) return;
  context.saidNotEnded = true;
  context.log.warn(
    'The function does not end when it is asked to, so samples are the starts at deployment: model_loaded_ms holds, round_trip_ms does not.',
  );
}

/** How many names are tried for one revision. */
const maxNames = 3;

/**
 * Calls with the name of a revision, and with another one where that is taken by a revision of other content, or by one
 * that was removed and is still remembered.
 */
export async function withFreeName<T>(
  nameOf: (taken: string | undefined) => string,
  call: (name: string) => Promise<T>,
) {
  let taken: string | undefined;
  for (let tries = 1; ; tries++) {
    const name = nameOf(taken);
    try {
      return { name, result: await call(name) };
    } catch (error) {
      if (!isTakenName(error) || tries === maxNames) throw error;
      taken = name;
    }
  }
}
