import { failureOfAnswer, failureOfConnection } from './failure.ts';

export interface AzureRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  url: string;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  bytes?: Uint8Array;
  signal: AbortSignal;
  /** Whole request, ms; two minutes without it. */
  timeoutMs?: number;
}

export interface AzureAnswer {
  status: number;
  headers: Headers;
  /** Parsed JSON, or the text where it is none; undefined for an empty body. */
  body: unknown;
}

const usualMs = 120_000;

/** Sends one request, once. Throws AzureFailure for every status that is no success. */
export async function send(request: AzureRequest): Promise<AzureAnswer> {
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
      // Azure's APIs do not redirect, and credentials must not follow a redirect.
      redirect: 'error',
    });
    const said = await answer.text();
    if (!answer.ok) throw failureOfAnswer(answer.status, answer.headers, said);
    return { status: answer.status, headers: answer.headers, body: read(said) };
  } catch (thrown) {
    signal.throwIfAborted();
    throw failureOfConnection(thrown);
  }
}

function read(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
