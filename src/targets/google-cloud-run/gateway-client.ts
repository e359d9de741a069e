import type { GoogleCredentials } from '../../google/credentials.ts';
import type { GoogleApi } from '../../google/endpoints.ts';
import { GoogleFailure } from '../../google/failure.ts';
import { send } from '../../google/http.ts';
import type { Logger } from '../../log.ts';
import { pause } from '../../pause.ts';

export interface GatewayCall {
  api: Extract<GoogleApi, 'apigateway' | 'serviceusage'>;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the version: `projects/P/locations/global/apis`. */
  path: string;
  query?: Record<string, string>;
  json?: unknown;
}

/** What calls are made with. */
export interface GatewayAccess {
  /** Base URL of an API, without a slash at its end. */
  api(name: GoogleApi): string;
  credentials: Pick<GoogleCredentials, 'headers' | 'account'>;
  log: Logger;
  signal: AbortSignal;
  /** Waits between two looks at something on its way, ms; a quarter of a second that grows to five without it. */
  pollMs?: number | undefined;
  /** How long new routes are waited for, ms; five minutes without it. */
  settlingMs?: number | undefined;
}

/** A call that Google refused, or that no answer came to. */
export class GatewayFailure extends GoogleFailure {
  /** What was asked, for the permission that it needs. */
  readonly call: GatewayCall;

  constructor({ status, reason, message, details, retryAfterMs }: GoogleFailure, call: GatewayCall) {
    super(status, reason, message, { details, retryAfterMs });
    this.name = 'GatewayFailure';
    this.call = call;
  }
}

const maxAttempts = 7;
const firstPauseMs = 250;
const longestPollMs = 5000;

/** Waits before another look at something on its way. @param looks how many there were */
export const poll = ({ pollMs, signal }: GatewayAccess, looks = 0): Promise<void> =>
  pause(pollMs ?? Math.min(longestPollMs, firstPauseMs * 1.5 ** looks), signal);

/** A number of things is used up, and not a number of calls by the minute: waiting does not help. */
export const isFull = ({ status, message }: GoogleFailure): boolean =>
  status === 429 && !/per minute|per second|requests/i.test(message);

/** No response, or one that may be retried: https://cloud.google.com/apis/design/errors#error_retries */
const isTransient = (failure: GoogleFailure): boolean =>
  failure.status === 0 || failure.status >= 500 || (failure.status === 429 && !isFull(failure));

/**
 * Sends a call, again while Google is busy or silent. A change may have been made by an attempt whose answer was lost:
 * callers look at what there is before and after. Throws GatewayFailure.
 */
export async function ask<T>(access: GatewayAccess, call: GatewayCall): Promise<T> {
  const { api, method, path, query = {}, json } = call;
  const search = new URLSearchParams(query).toString();
  const url = `${access.api(api)}/v1/${path}${search && `?${search}`}`;
  for (let attempt = 1; ; attempt++) {
    access.signal.throwIfAborted();
    try {
      const headers = await access.credentials.headers();
      return (await send({ method, url, headers, json, signal: access.signal })) as T;
    } catch (error) {
      access.signal.throwIfAborted();
      if (!(error instanceof GoogleFailure)) throw error;
      if (!isTransient(error) || attempt === maxAttempts) throw new GatewayFailure(error, call);
      access.log.debug(`${method} ${path}: ${error.reason} ${error.message}; asking again.`);
      const most = firstPauseMs * 2 ** (attempt - 1) * (0.5 + Math.random());
      await pause(Math.max(Math.min(most, access.pollMs ?? most), error.retryAfterMs), access.signal);
    }
  }
}

/** As `ask`; nothing for what does not exist. */
export async function find<T>(access: GatewayAccess, call: GatewayCall): Promise<T | undefined> {
  try {
    return await ask<T>(access, call);
  } catch (error) {
    if (error instanceof GatewayFailure && error.status === 404) return undefined;
    throw error;
  }
}

/** Who was refused; asked only where that is what the error is about. */
export const whoIf = async ({ credentials }: GatewayAccess, error: unknown): Promise<string | undefined> =>
  error instanceof GoogleFailure && error.status === 403 ? credentials.account() : undefined;
