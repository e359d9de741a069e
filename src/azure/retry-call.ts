import type { Logger } from '../log.ts';
import { withRetry } from '../retry.ts';
import { AzureFailure } from './failure.ts';

/**
 * Longest that a call is sent again, ms. An identity or role of a moment ago takes minutes to be known everywhere, and
 * one operation on a site or API waits for the one before.
 */
const limitsMs = { service: 300_000, busy: 300_000, roles: 600_000, identity: 120_000, network: 30_000 };

export type Reason = keyof typeof limitsMs;

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

export interface CallRetryOptions {
  log: Logger;
  signal: AbortSignal;
  /** Further failures that end by themselves, such as a role that does not count yet. */
  also?: ((failure: AzureFailure) => Reason | undefined) | undefined;
  /** Doing it twice is not the same as once: it is not sent again where whether it was done is unknown. */
  notTwice?: boolean | undefined;
}

/** Whether a failure leaves open if the call was done. */
export const isUnknown = ({ status }: AzureFailure): boolean => status === 0 || status >= 500;

/** Sends a call again for as long as Azure is busy or failing. Throws what it threw last, and the signal's reason. */
export const retryCall = <T>(work: () => Promise<T>, { log, signal, also, notTwice }: CallRetryOptions): Promise<T> =>
  withRetry(work, {
    log,
    signal,
    judge(error) {
      const reason = error instanceof AzureFailure ? (isTransient(error) ?? also?.(error)) : undefined;
      if (!(error instanceof AzureFailure) || reason === undefined) return undefined;
      if (notTwice && isUnknown(error)) return undefined;
      const { status, code, message, retryAfterMs } = error;
      return { limitMs: limitsMs[reason], words: `Azure answers ${status} ${code} (${message})`, retryAfterMs };
    },
  });
