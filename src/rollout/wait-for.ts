import { ColdgateError, exitCodes } from '../errors.ts';
import { pause } from '../pause.ts';
import type { PlatformDeps } from './platform.ts';

const firstPauseMs = 100;
/** Interval of log lines during a wait, ms. */
const logEveryMs = 10_000;

export interface WaitLimits {
  /** Error code at the deadline: `aws-slow`, `google-slow`. */
  code: string;
  /** Longest wait for one change, ms. */
  deadlineMs: number;
  /** Longest pause between two looks, ms. */
  longestPauseMs: number;
}

/**
 * Calls `look` until it returns something, ever less often, and logs that it waits. Throws ColdgateError with the code of
 * the limits (exit 7) at the deadline, and the signal's reason.
 * @param what what is waited for, in words: `digits is not ready on Lambda`
 */
export async function waitFor<T>(
  { log, signal }: Pick<PlatformDeps, 'log' | 'signal'>,
  what: string,
  look: () => Promise<T | undefined>,
  { code, deadlineMs, longestPauseMs }: WaitLimits,
): Promise<T> {
  const began = performance.now();
  let logged = began;
  for (let wait = firstPauseMs; ; wait = Math.min(longestPauseMs, wait * 1.5)) {
    const found = await look();
    if (found !== undefined) return found;
    const now = performance.now();
    if (now - began > deadlineMs) {
      throw new ColdgateError(code, exitCodes.unproven, `${what} after ${deadlineMs / 60_000} minutes.`, {
        hint: 'Run this again: it continues where it stopped.',
      });
    }
    if (now - logged > logEveryMs) {
      log.info(`${what}, for ${Math.round((now - began) / 1000)} s so far.`);
      logged = now;
    }
    await pause(wait, signal);
  }
}
