import { commitWrite, type Failure } from './commit-write.ts';
import { type StoreError, UnavailableError } from './store.ts';

/**
 * Sends a request that changes nothing, or the same thing each time, again while the store is not available. Not for
 * conditional writes: `commitWrite` says what their repetition means. Throws the error of the last failure.
 */
export function patiently<T>(
  send: () => Promise<T>,
  options: { attempts: number; sleep?: ((ms: number) => Promise<unknown>) | undefined },
): Promise<T> {
  return commitWrite(send, judgeRepeatable, options);
}

/** What the failure of such a request means: that it may be sent again, or that this is the end. */
export function judgeRepeatable(thrown: unknown): Failure {
  if (thrown instanceof UnavailableError) return { kind: 'untouched', error: thrown };
  return { kind: 'final', error: thrown as StoreError };
}
