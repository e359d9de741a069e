import { failureOfAnswer, failureOfConnection } from './failure.ts';

export interface GoogleRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  bytes?: Uint8Array;
  signal: AbortSignal;
  /** Whole request, ms; a minute without it. */
  timeoutMs?: number;
}

const usualMs = 60_000;

/** Sends one request, once, and returns its JSON; undefined for an empty body. Throws GoogleFailure. */
export async function send(request: GoogleRequest): Promise<unknown> {
  const { method, url, headers = {}, json, bytes, signal, timeoutMs = usualMs } = request;
  const text = json === undefined ? undefined : JSON.stringify(json);
  const body = bytes === undefined ? text : (bytes as Uint8Array<ArrayBuffer>);
  try {
    const answer = await fetch(url, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'coldgate',
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      // Google's APIs do not redirect, and credentials must not follow a redirect.
      redirect: 'error',
    });
    const text = await answer.text();
    if (!answer.ok) throw failureOfAnswer(answer.status, answer.headers, text);
    return text === '' ? undefined : JSON.parse(text);
  } catch (thrown) {
    signal.throwIfAborted();
    throw failureOfConnection(thrown);
  }
}
