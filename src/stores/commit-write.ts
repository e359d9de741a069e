import { type StoreError, UnavailableError } from './store.ts';

/**
 * What a failed conditional write means. `final`: nothing was written and trying again will not help. `refused`: the
 * precondition did not hold. `untouched`: nothing was written, the store asks to be tried again (S3's 409
 * ConditionalRequestConflict, docs/facts.md P2). `unknown`: the answer was lost, or hides whether the store acted (5xx).
 */
export type Failure =
  | { kind: 'final' | 'refused'; error: StoreError }
  | { kind: 'untouched' | 'unknown'; error: UnavailableError };

interface CommitOptions {
  /** Max. requests. Default: 4. */
  attempts?: number | undefined;
  /** Waits, ms; tests pass their own. */
  sleep?: ((ms: number) => Promise<unknown>) | undefined;
}

/**
 * Sends a conditional write until its outcome is known, at most a few times. The SDKs' own retries are off for such
 * requests, because they lose what this keeps track of: once a response was lost, a later "precondition failed" may be
 * our own success (docs/facts.md P1), and any other failure shows nothing about the first request: both are reported as
 * UnavailableError. `send` must be able to send the same bytes again. Throws the error of the last failure.
 */
export async function commitWrite<T>(
  send: () => Promise<T>,
  judge: (error: unknown) => Failure,
  options: CommitOptions = {},
): Promise<T> {
  const attempts = options.attempts ?? 4;
  let lost: UnavailableError | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (thrown) {
      const failure = judge(thrown);
      const isLast = failure.kind === 'final' || failure.kind === 'refused';
      if (isLast && lost) throw settledByReading(lost, failure);
      if (isLast || attempt === attempts) throw failure.error;
      if (failure.kind === 'unknown') lost = failure.error;
      await pause(attempt, options.sleep);
    }
  }
}

function settledByReading(lost: UnavailableError, { kind, error }: Failure): UnavailableError {
  const again =
    kind === 'refused'
      ? 'Sent again it was refused, which may be the first one’s success'
      : `Sent again it failed otherwise (${error.message})`;
  return new UnavailableError(`${lost.message} ${again}: only reading the object back shows the outcome.`, {
    store: lost.store,
    key: lost.key,
    cause: error,
    hint: error.hint,
  });
}

/** 100 to 200 ms, then twice that and so on: full jitter on the upper half keeps racing writers apart. */
function pause(attempt: number, sleep: CommitOptions['sleep']): Promise<unknown> {
  const ms = 100 * 2 ** (attempt - 1) * (1 + Math.random());
  return sleep ? sleep(ms) : new Promise((resolve) => setTimeout(resolve, ms));
}
