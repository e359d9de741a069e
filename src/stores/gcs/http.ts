import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { pipeline } from 'node:stream';
import { chunksWithIdleTimeout, StallError } from '../idle-timeout.ts';
import { inSlices } from '../slices.ts';
import type { GcsContext } from './context.ts';
import { failureOf, noAnswer } from './failure.ts';

export interface GcsRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the endpoint, or the whole URL of an upload's session. */
  path: string;
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  /** Sent one after the other. */
  body?: readonly Uint8Array[];
  /** Statuses beyond 200 to 299 that are an answer and no failure. */
  expected?: readonly number[];
  stop?: AbortSignal;
}

/** Longest text that an answer can have: a page of a list has some 500 kB. Bytes. */
const longestText = 32 * 1024 * 1024;

/**
 * Sends one request, once, and resolves with the answer, whose body is for the caller to read or destroy. We speak the
 * JSON API ourselves, because the SDK's reads take no generation that must have changed, its uploads repeat themselves,
 * and neither notices a connection that has gone silent. Throws RequestFailure, and what `authorize` throws.
 */
export async function send(context: GcsContext, request: GcsRequest): Promise<IncomingMessage> {
  const { method, path, query = {}, headers = {}, body = [], expected = [], stop } = request;
  const url = new URL(path.startsWith('/') ? `${context.endpoint}${path}` : path);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  const length = body.reduce((sum, part) => sum + part.byteLength, 0);
  const all = {
    ...(await context.authorize()),
    'user-agent': 'coldgate',
    ...(method === 'GET' ? {} : { 'content-length': String(length) }),
    ...headers,
  };
  const { stallMs } = context.limits;
  const answer = await exchange(
    url,
    { method, headers: all, timeout: stallMs, ...(stop ? { signal: stop } : {}) },
    body,
  );
  const { statusCode = 0 } = answer;
  if ((statusCode >= 200 && statusCode < 300) || expected.includes(statusCode)) return answer;
  throw failureOf(answer, await textOf(answer, stallMs).catch(() => ''));
}

/** The agents of Node itself: they keep connections, and take its proxy settings (NODE_USE_ENV_PROXY). */
function exchange(url: URL, options: http.RequestOptions, body: readonly Uint8Array[]): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'http:' ? http : https).request(url, options);
    request.on('timeout', () => request.destroy(new StallError(options.timeout ?? 0)));
    request.on('error', (thrown) => reject(noAnswer(thrown)));
    request.on('response', (answer) => {
      // From here on the reader limits the time between chunks.
      request.setTimeout(0);
      answer.on('error', () => {});
      resolve(answer);
    });
    if (body.length === 0) request.end();
    // Its failure is the request's, reported above.
    else pipeline(inSlices(body), request, () => {});
  });
}

/** The body of an answer as text. Throws RequestFailure when it does not come to its end. */
export async function textOf(answer: IncomingMessage, stallMs: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksWithIdleTimeout(answer, stallMs)) {
      size += chunk.byteLength;
      if (size > longestText) throw new Error(`an answer of more than ${longestText} bytes`);
      chunks.push(chunk);
    }
  } catch (thrown) {
    throw noAnswer(thrown);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Sends a request whose answer is JSON. Throws RequestFailure. */
export async function sendForJson<T>(context: GcsContext, request: GcsRequest): Promise<T> {
  const text = await textOf(await send(context, request), context.limits.stallMs);
  try {
    return JSON.parse(text);
  } catch {
    throw noAnswer(new Error(`an answer that is not JSON: ${JSON.stringify(text.slice(0, 80))}`));
  }
}
