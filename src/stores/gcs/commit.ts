import { commitWrite, type Failure } from '../commit-write.ts';
import { judgeRepeatable } from '../with-retry.ts';
import type { GcsContext } from './context.ts';
import type { RequestContext } from './denial.ts';
import { RequestFailure } from './failure.ts';
import { explain, isBusy } from './fault.ts';

/**
 * `commitWrite`, with the pauses that Google asks for: after "too many changes" of at least a second, and more by the
 * usual jitter, so that writers that were turned away together do not come back together.
 */
export function commit<T>(
  { limits }: GcsContext,
  send: () => Promise<T>,
  judge: (thrown: unknown) => Failure,
): Promise<T> {
  let least = 0;
  const judged = (thrown: unknown): Failure => {
    least = thrown instanceof RequestFailure && isBusy(thrown) ? limits.rateMs : 0;
    return judge(thrown);
  };
  const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, least + ms));
  return commitWrite(send, judged, { attempts: limits.attempts, sleep });
}

/** Sends a request that may be repeated freely until `stop`; throws the store error for its failure. */
export function repeat<T>(
  context: GcsContext,
  requestContext: RequestContext,
  send: () => Promise<T>,
  stop?: AbortSignal,
): Promise<T> {
  return commit(context, send, (thrown) => judgeRepeatable(explain(thrown, context, requestContext), stop));
}
