import type { Logger } from '../log.ts';
import { pause } from '../pause.ts';
import { AzureFailure } from './failure.ts';

/**
 * Longest that a call is sent again, ms. An identity or role of a moment ago takes minutes to be known everywhere, and
 * one operation on a site or API waits for the one before.
 */
const patienceMs = { service: 300_000, busy: 300_000, roles: 600_000, identity: 120_000, network: 30_000 };
const firstPauseMs = 250;
const longestPauseMs = 10_000;
/** Interval of log lines about a call that is being sent again, ms. */
const saidEveryMs = 15_000;

export type Reason = keyof typeof patienceMs;

const lostConnections = [
  ...['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'TimeoutError'],
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
];

/** A conflict that ends by itself: another operation on the resource runs. */
const isBusy = ({ status, code, message }: AzureFailure): boolean =>
  status === 409 &&
  (/PessimisticConcurrencyConflict|AnotherOperationInProgress|OperationInProgress|ConflictingOperation/i.test(code) ||
    /another operation|in progress|is being|try again|retry later|deployment is running/i.test(message));

/** Why a call is worth sending again; whether it was done is unknown where the service or the network failed. */
export function isTransient(failure: AzureFailure): Reason | undefined {
  const { status, code } = failure;
  if (status === 0) return lostConnections.includes(code) ? 'network' : undefined;
  if (status === 429 || [500, 502, 503, 504].includes(status)) return /quota/i.test(code) ? undefined : 'service';
  if (isBusy(failure)) return 'busy';
  return status === 400 && code === 'PrincipalNotFound' ? 'identity' : undefined;
}

export interface PatienceOptions {
  log: Logger;
  signal: AbortSignal;
  /** Further failures that end by themselves, such as a role that does not count yet. */
  also?: ((failure: AzureFailure) => Reason | undefined) | undefined;
}

/** Runs a call again for as long as Azure is busy or failing. Throws what it threw last, and the signal's reason. */
export async function patiently<T>(work: () => Promise<T>, { log, signal, also }: PatienceOptions): Promise<T> {
  const began = performance.now();
  let said = began;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const waited = performance.now() - began;
      const reason = error instanceof AzureFailure ? (isTransient(error) ?? also?.(error)) : undefined;
      if (!(error instanceof AzureFailure) || reason === undefined || waited > patienceMs[reason]) throw error;
      if (performance.now() - said > saidEveryMs) {
        said = performance.now();
        const { status, code, message } = error;
        const seconds = Math.round(waited / 1000);
        log.info(`Azure answers ${status} ${code} (${message}), for ${seconds} s so far; asking again.`);
      }
      await pause(Math.max(pauseMs(attempt), error.retryAfterMs), signal);
    }
  }
}

/** Exponential, up to a bound, with half of it random so that runs that collided do not collide again. */
const pauseMs = (attempt: number): number =>
  Math.min(longestPauseMs, firstPauseMs * 2 ** attempt) * (0.5 + Math.random() / 2);
