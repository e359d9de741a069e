import { failureOfStatus } from '../../google/failure.ts';
import { waitFor } from '../../rollout/wait-for.ts';
import { type RunContext, runUrl } from './context.ts';
import { operationError, type RequestContext } from './refusal.ts';
import type { Operation } from './resources.ts';

/** A start may take four minutes. */
const limits = { code: 'google-slow', deadlineMs: 360_000, longestPauseMs: 2000 };

/** Calls `look` until it returns something, ever less often. Throws ColdgateError `google-slow` at the deadline. */
export const waitForRun = <T>(context: RunContext, what: string, look: () => Promise<T | undefined>): Promise<T> =>
  waitFor(context, what, look, limits);

/**
 * Waits until an operation has ended. Throws UnprovenError `function-failed` with Google's reason where it has failed, and
 * ColdgateError (exit 8) where that is a refusal.
 * @param what in words: `the revision digits-production-l-0a1b2c3d4e`
 */
export async function finished(
  context: RunContext,
  begun: Operation,
  what: string,
  requestContext: RequestContext,
): Promise<void> {
  const reading = { permission: 'run.operations.get', resource: begun.name };
  const ended = begun.done
    ? begun
    : await waitForRun(context, `${what} is not ready on Cloud Run`, async () => {
        const url = runUrl(context, begun.name);
        const now = await context.calls.send<Operation>({ method: 'GET', url }, reading);
        return now.done ? now : undefined;
      });
  if (!ended.error) return;
  const failure = failureOfStatus(ended.error);
  const account = failure.status === 403 ? await context.credentials.account() : undefined;
  throw operationError(failure, what, requestContext, account);
}
