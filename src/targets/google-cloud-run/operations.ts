import { ColdgateError, exitCodes } from '../../errors.ts';
import { failureOfStatus } from '../../google/failure.ts';
import { pause } from '../../pause.ts';
import { type RunContext, runUrl } from './context.ts';
import { type Asked, operationError } from './refusal.ts';
import type { Operation } from './resources.ts';

/** Longest wait for one change, ms: a start may take four minutes. */
const deadlineMs = 360_000;
const firstPauseMs = 100;
const longestPauseMs = 2000;
/** Interval of log lines during a wait, ms. */
const saidEveryMs = 10_000;

/** Calls `look` until it returns something, ever less often. Throws ColdgateError `google-slow` (exit 7) at the deadline. */
export async function waitFor<T>(context: RunContext, what: string, look: () => Promise<T | undefined>): Promise<T> {
  const began = performance.now();
  let said = began;
  for (let wait = firstPauseMs; ; wait = Math.min(longestPauseMs, wait * 1.5)) {
    const found = await look();
    if (found !== undefined) return found;
    const now = performance.now();
    if (now - began > deadlineMs) {
      throw new ColdgateError('google-slow', exitCodes.unproven, `${what} after ${deadlineMs / 60_000} minutes.`, {
        hint: 'Run this again: it continues where it stopped.',
      });
    }
    if (now - said > saidEveryMs) {
      context.log.info(`${what}, for ${Math.round((now - began) / 1000)} s so far.`);
      said = now;
    }
    await pause(wait, context.signal);
  }
}

/**
 * Waits until an operation has ended. Throws UnprovenError `function-failed` with Google's reason where it has failed, and
 * ColdgateError (exit 8) where that is a refusal.
 * @param what in words: `the revision digits-production-l-0a1b2c3d4e`
 */
export async function finished(context: RunContext, begun: Operation, what: string, asked: Asked): Promise<void> {
  const reading = { permission: 'run.operations.get', resource: begun.name };
  const ended = begun.done
    ? begun
    : await waitFor(context, `Cloud Run has not got ${what} ready`, async () => {
        const url = runUrl(context, begun.name);
        const now = await context.calls.send<Operation>({ method: 'GET', url }, reading);
        return now.done ? now : undefined;
      });
  if (!ended.error) return;
  const failure = failureOfStatus(ended.error);
  const account = failure.status === 403 ? await context.credentials.account() : undefined;
  throw operationError(failure, what, asked, account);
}
