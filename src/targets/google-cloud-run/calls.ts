import type { GoogleCredentials } from '../../google/credentials.ts';
import { GoogleFailure } from '../../google/failure.ts';
import { type GoogleRequest, send } from '../../google/http.ts';
import { type Transient, withRetry } from '../../retry.ts';
import type { PlatformDeps } from '../../rollout/platform.ts';
import { isTransient, type RequestContext, toRefusal } from './refusal.ts';

/** Longest that one call is sent again, ms. A new service account takes up to a minute to be known. */
const limitsMs = { service: 300_000, account: 60_000, network: 30_000 };
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
  send<T>(call: Sent, requestContext: RequestContext): Promise<T>;
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
    async send<T>(call: Sent, requestContext: RequestContext): Promise<T> {
      try {
        return await withRetry(() => once<T>(call), { signal, log, judge });
      } catch (error) {
        signal.throwIfAborted();
        throw toRefusal(error, requestContext, await whoIf(error, credentials));
      }
    },
  };
}

/** Who was refused; asked only where that is what the error is about. */
const whoIf = async (error: unknown, credentials: GoogleCredentials): Promise<string | undefined> =>
  error instanceof GoogleFailure && error.status === 403 ? credentials.account() : undefined;

/** Why a call may be sent again, for how long. */
function judge(error: unknown): Transient | undefined {
  const kind = error instanceof GoogleFailure ? isTransient(error) : undefined;
  if (!(error instanceof GoogleFailure) || kind === undefined) return undefined;
  const { status, reason, message, retryAfterMs } = error;
  return { limitMs: limitsMs[kind], words: `Google answers ${status} ${reason} (${message})`, retryAfterMs };
}
