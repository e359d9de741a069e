import { Octokit } from '@octokit/core';
import { retry } from '@octokit/plugin-retry';
import type { Logger } from '../../log.ts';
import type { RepositoryRef } from './github-client.ts';
import { withRateLimits } from './rate-limit.ts';

/** GitHub ends its own work on a request after ten seconds; the rest is for the way there and back. */
const requestLimitMs = 20_000;

/** Repeats of a request that may be repeated: after 1, 4 and 9 seconds. */
const repeats = 3;

/** Statuses that a retry does not change; rate limits (429) are handled elsewhere. */
const settled = [400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 451];

export type Client = Octokit;

/** For `request` of a call whose second execution changes nothing for the worse, though its method is POST. */
export const repeatable = { isRepeatable: true };

/** How long to wait; tests shorten it. */
export interface Pace {
  /** Milliseconds that stand for one second between repeats. */
  secondMs: number;
  requestLimitMs: number;
}

const usualPace: Pace = { secondMs: 1000, requestLimitMs };

/**
 * GitHub's REST API with time-outs, repeats where they are safe, and patience with rate limits. Below it, octokit writes
 * no token into its errors. Requests of methods other than GET, PUT, PATCH and DELETE are made once unless `repeatable`.
 */
export function openClient(place: RepositoryRef, log: Logger, pace: Pace = usualPace): Client {
  const { apiUrl, token, signal } = place;
  const timed = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const limits = [AbortSignal.timeout(pace.requestLimitMs), ...(signal ? [signal] : [])];
    try {
      return await fetch(url, { ...init, signal: AbortSignal.any(limits) });
    } catch (error) {
      // The one name that octokit makes no failed request of, to be made again.
      if (signal?.aborted) throw new DOMException('the run has ended', 'AbortError');
      throw error;
    }
  };
  const quiet = (message: string): void => log.debug(message);
  const client: Octokit = new (Octokit.plugin(retry))({
    auth: token,
    baseUrl: apiUrl.replace(/\/+$/, ''),
    userAgent: 'coldgate',
    log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    request: { fetch: timed },
    retry: { retries: repeats, doNotRetry: settled, retryAfterBaseValue: pace.secondMs },
  });
  client.hook.wrap('request', withRateLimits({ log, signal, secondMs: pace.secondMs }));
  client.hook.before('request', (options) => {
    options.headers = {
      ...options.headers,
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    };
    // With any other number the plugin retries these statuses as well.
    const once = options.method === 'POST' && !(options.request as Partial<typeof repeatable>)?.isRepeatable;
    if (once) options.request = { ...options.request, retries: 0 };
  });
  return client;
}
