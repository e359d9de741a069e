import type { Logger } from '../log.ts';
import { pause } from '../pause.ts';
import { type ArmPlace, isOfArm } from './endpoints.ts';
import { AzureFailure, failureOfError, retryAfterOf } from './failure.ts';
import type { AzureAnswer, AzureRequest } from './http.ts';
import { type Reason, retryCall } from './retry-call.ts';

const firstPauseMs = 250;
const longestPauseMs = 5000;
/** Longest that an operation may run, ms; only a whole API Management service takes longer, which Coldgate never makes. */
const deadlineMs = 20 * 60_000;
const saidEveryMs = 15_000;

interface Polling {
  log: Logger;
  signal: AbortSignal;
  place: ArmPlace;
  once(call: AzureRequest): Promise<AzureAnswer>;
}

interface Begun {
  method: string;
  url: string;
  /** For messages. */
  path: string;
}

/**
 * Waits for a long operation that a call has begun, and returns the resource then, or the answer itself where nothing is to
 * be waited for. https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations
 * Throws AzureFailure with the reason of an operation that has failed.
 */
export async function finishOperation(polling: Polling, begun: Begun, answer: AzureAnswer): Promise<AzureAnswer> {
  const { signal } = polling;
  const operation = answer.headers.get('azure-asyncoperation');
  const location = answer.headers.get('location');
  const isLong = answer.status === 202 || (answer.status === 201 && operation !== null);
  if (!isLong || begun.method === 'GET') return answer;
  const ended = operation
    ? await byStatus(polling, begun, operation, answer)
    : location
      ? await byLocation(polling, begun, location, answer)
      : answer;
  if (begun.method !== 'PUT' && begun.method !== 'PATCH') return ended;
  // Azure's caches may not have a new resource for some seconds.
  const isLate = ({ status }: AzureFailure): Reason | undefined => (status === 404 ? 'network' : undefined);
  return retryCall(() => polling.once({ method: 'GET', url: begun.url, signal }), { ...polling, also: isLate });
}

/** `Azure-AsyncOperation`: a body with `status`, until that is terminal. */
async function byStatus(polling: Polling, begun: Begun, url: string, first: AzureAnswer): Promise<AzureAnswer> {
  return poll(polling, begun, url, first, (answer) => {
    const { status, error } = (answer.body ?? {}) as { status?: string; error?: object };
    if (/^(failed|canceled)$/i.test(status ?? '')) {
      throw failureOfError(statusOf(error), error ?? { code: status, message: `the operation has ${status}` });
    }
    return /^succeeded$/i.test(status ?? '');
  });
}

/** `Location`: 202 until it has ended. */
const byLocation = (polling: Polling, begun: Begun, url: string, first: AzureAnswer): Promise<AzureAnswer> =>
  poll(polling, begun, url, first, ({ status }) => status !== 202);

/** An operation's error has no HTTP status; quota and permission have theirs by their words. */
const statusOf = (error: object | undefined): number =>
  /authorization|forbidden/i.test(String(Reflect.get(error ?? {}, 'code'))) ? 403 : 400;

async function poll(
  polling: Polling,
  { path }: Begun,
  url: string,
  first: AzureAnswer,
  isOver: (answer: AzureAnswer) => boolean,
): Promise<AzureAnswer> {
  const { log, signal, place, once } = polling;
  if (!isOfArm(place, url)) throw new Error(`Azure names an operation at another address than ${place.base}: ${url}`);
  const began = performance.now();
  let loggedAt = began;
  let answer = first;
  for (let wait = firstPauseMs; ; wait = Math.min(longestPauseMs, wait * 1.5)) {
    await pause(Math.max(retryAfterOf(answer.headers), wait), signal);
    answer = await retryCall(() => once({ method: 'GET', url, signal }), polling);
    if (isOver(answer)) return answer;
    const now = performance.now();
    if (now - began > deadlineMs) {
      throw new AzureFailure(
        504,
        'OperationTimeout',
        `an operation has not ended after ${deadlineMs / 60_000} minutes`,
      );
    }
    if (now - loggedAt > saidEveryMs) {
      loggedAt = now;
      log.info(`Azure works on ${path}, for ${Math.round((now - began) / 1000)} s so far.`);
    }
  }
}
