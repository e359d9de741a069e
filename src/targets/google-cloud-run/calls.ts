import type { GoogleCredentials } from '../../google/credentials.ts';
import { GoogleFailure } from '../../google/failure.ts';
import { type GoogleRequest, send } from '../../google/http.ts';
import { pause } from '../../pause.ts';
import type { PlatformDeps } from '../../rollout/platform.ts';
import { type Asked, isTransient, toRefusal } from './refusal.ts';

/** Longest that one call is sent again, ms. A new service account takes up to a minute to be known. */
const patienceMs = { service: 300_000, account: 60_000, network: 30_000 };
const firstPauseMs = 200;
const longestPauseMs = 10_000;
/** Interval of log lines about a call that is being retried, ms. */
const saidEveryMs = 15_000;
/** Calls that change something are counted over this time, ms: the quota is by the minute. */
const writesWithinMs = 60_000;

type Sent = Pick<GoogleRequest, 'method' | 'json' | 'bytes' | 'timeoutMs'> & {
  /** Whole address. */
  url: string;
  /** Further headers. */
  headers?: Record<string, string>;
  /** Sent without credentials: to an emulator. */
  anonymous?: boolean;
  /** It changes nothing, although it is no GET. */
  reading?: boolean;
};

/** The control plane. */
export interface RunCalls {
  /**
   * Sends a call, again where Google is busy or failing. Throws MovedError when someone else changed what it was about,
   * GoogleFailure for a revision's name that is taken, and ColdgateError otherwise.
   */
  send<T>(call: Sent, asked: Asked): Promise<T>;
  /** Sends it once. Throws GoogleFailure. */
  once<T>(call: Sent): Promise<T>;
  /** Calls that have changed something within the last minute. */
  writes(): number;
}

interface Opened extends Pick<PlatformDeps, 'signal' | 'log' | 'now'> {
  credentials: GoogleCredentials;
}

export function openCalls({ signal, log, now, credentials }: Opened): RunCalls {
  let written: number[] = [];
  const once = async <T>({ anonymous, reading, headers, ...call }: Sent): Promise<T> => {
    if (call.method !== 'GET' && !reading) written.push(now().getTime());
    const who = anonymous ? {} : await credentials.headers();
    return (await send({ ...call, headers: { ...who, ...headers }, signal })) as T;
  };
  return {
    once,
    writes() {
      const since = now().getTime() - writesWithinMs;
      written = written.filter((at) => at > since);
      return written.length;
    },
    async send<T>(call: Sent, asked: Asked): Promise<T> {
      try {
        return await patiently(() => once<T>(call), { signal, log });
      } catch (error) {
        signal.throwIfAborted();
        throw toRefusal(error, asked, await whoIf(error, credentials));
      }
    },
  };
}

/** Who was refused; asked only where that is what the error is about. */
const whoIf = async (error: unknown, credentials: GoogleCredentials): Promise<string | undefined> =>
  error instanceof GoogleFailure && error.status === 403 ? credentials.account() : undefined;

async function patiently<T>(work: () => Promise<T>, { signal, log }: Pick<PlatformDeps, 'signal' | 'log'>): Promise<T> {
  const began = performance.now();
  let lastReport = began;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const waited = performance.now() - began;
      const kind = error instanceof GoogleFailure ? isTransient(error) : undefined;
      if (!(error instanceof GoogleFailure) || kind === undefined || waited > patienceMs[kind]) throw error;
      if (performance.now() - lastReport > saidEveryMs) {
        lastReport = performance.now();
        const { status, reason, message } = error;
        log.info(
          `Google answers ${status} ${reason} (${message}), for ${Math.round(waited / 1000)} s so far; asking again.`,
        );
      }
      await pause(Math.max(pauseMs(attempt), error.retryAfterMs), signal);
    }
  }
}

/** Exponential, up to a bound, with half of it random so that runs that collided do not collide again. */
const pauseMs = (attempt: number): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** attempt) * (0.5 + Math.random() / 2);
