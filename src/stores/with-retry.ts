import { commitWrite, type Failure } from './commit-write.ts';
import { type StoreError, UnavailableError } from './store.ts';

interface RetryPolicy {
  /** Requests at most. */
  attempts: number;
  /** Ends it early. */
  stop?: AbortSignal | undefined;
}

/**
 * Sends a request that changes nothing, or the same thing each time, again while the store is not available. Not for
 * conditional writes, whose retries `commitWrite` handles. Throws the error of the last failure.
 */
export function withRetry<T>(send: () => Promise<T>, { attempts, stop }: RetryPolicy): Promise<T> {
  return commitWrite(send, (thrown) => judgeRepeatable(thrown, stop), { attempts });
}

/** What the failure of such a request means: that it may be sent again, or that this is the end. */
export function judgeRepeatable(thrown: unknown, stop?: AbortSignal): Failure {
  const again = thrown instanceof UnavailableError && !stop?.aborted;
  return again ? { kind: 'untouched', error: thrown } : { kind: 'final', error: thrown as StoreError };
}
