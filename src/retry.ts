import type { Logger } from './log.ts';
import { pause } from './pause.ts';

const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** Interval of log lines about a call that is being sent again, ms. */
const reportEveryMs = 15_000;

/** A failure that ends by itself. */
export interface Transient {
  /** Longest that the call is sent again for it, ms. */
  limitMs: number;
  /** For the log: `AWS answers TooManyRequestsException (Rate exceeded)`. */
  words: string;
  /** The wait that the answer asks for, ms. */
  retryAfterMs: number;
}

export interface RetryOptions {
  log: Pick<Logger, 'info'>;
  signal: AbortSignal;
  /** Whether a failure is worth sending the call again. */
  judge(error: unknown): Transient | undefined;
}

/**
 * Sends a call again for as long as its failures are transient and their limits allow. Throws what it threw last, and the
 * signal's reason.
 */
export async function withRetry<T>(work: () => Promise<T>, { log, signal, judge }: RetryOptions): Promise<T> {
  const began = performance.now();
  let lastReport = began;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const waited = performance.now() - began;
      const transient = judge(error);
      if (!transient || waited > transient.limitMs) throw error;
      if (performance.now() - lastReport > reportEveryMs) {
        lastReport = performance.now();
        log.info(`${transient.words}, for ${Math.round(waited / 1000)} s so far; asking again.`);
      }
      await pause(Math.max(pauseMs(attempt), transient.retryAfterMs), signal);
    }
  }
}

/** Exponential, up to a bound, with half of it random so that runs that collided do not collide again. */
const pauseMs = (attempt: number): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** attempt) * (0.5 + Math.random() / 2);
