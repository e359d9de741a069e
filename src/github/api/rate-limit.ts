import { setTimeout } from 'node:timers/promises';
import type { Logger } from '../../log.ts';
import { type ApiError, isApiError } from './failure.ts';

/** Max. total wait of a run for rate limits; its reports are not worth more of a runner's time. */
const patienceSeconds = 180;

/** https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api: without a header, a minute at least. */
const unnamedSeconds = 60;

/**
 * Seconds to wait before the call may be made again; undefined where no limit was the reason. A request that a limit
 * turned away has done nothing, whatever its method.
 */
export function limitSeconds(error: ApiError, now: number): number | undefined {
  if (error.status !== 429 && error.status !== 403) return undefined;
  const headers = error.response?.headers ?? {};
  const after = headers['retry-after'];
  if (after !== undefined) {
    const seconds = Number(after);
    const until = Number.isFinite(seconds) ? seconds : (Date.parse(String(after)) - now) / 1000;
    return Number.isFinite(until) ? Math.max(0, until) : unnamedSeconds;
  }
  const reset = Number(headers['x-ratelimit-reset']);
  if (String(headers['x-ratelimit-remaining']) === '0' && Number.isFinite(reset)) {
    // One second more: the two clocks differ.
    return Math.max(0, reset - now / 1000) + 1;
  }
  return error.status === 429 || /secondary rate limit|abuse detection/i.test(error.message)
    ? unnamedSeconds
    : undefined;
}

interface Options {
  log: Logger;
  signal: AbortSignal | undefined;
  /** Milliseconds that stand for a second; tests shorten it. */
  secondMs: number;
}

/** Waits as long as GitHub asks for, up to the run's limit, and retries the call. */
export function withRateLimits({ log, signal, secondMs }: Options) {
  let left = patienceSeconds;
  return async <O, R>(request: (options: O) => R, options: O): Promise<Awaited<R>> => {
    while (true) {
      try {
        return await request(options);
      } catch (error) {
        const seconds = isApiError(error) ? limitSeconds(error, Date.now()) : undefined;
        if (seconds === undefined || seconds > left) throw error;
        // A limit that names no time to wait must not be asked without end.
        left -= Math.max(seconds, 1);
        log.info(`GitHub's rate limit is used up: waiting ${Math.ceil(seconds)} s.`);
        await setTimeout(seconds * secondMs, undefined, signal ? { signal } : {});
      }
    }
  };
}
