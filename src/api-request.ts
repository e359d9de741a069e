/** One request to an API of a cloud that speaks JSON. */
export interface ApiRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
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

export interface ApiAnswer {
  ok: boolean;
  status: number;
  headers: Headers;
  text: string;
}

const usualMs = 60_000;

/** Sends one request, once. Throws what fetch throws, also where the answer redirects. */
export async function sendApiRequest(request: ApiRequest): Promise<ApiAnswer> {
  const { method, url, headers = {}, json, bytes, signal, timeoutMs = usualMs } = request;
  const text = json === undefined ? undefined : JSON.stringify(json);
  const body = bytes === undefined ? text : (bytes as Uint8Array<ArrayBuffer>);
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
    // These APIs do not redirect, and credentials must not follow a redirect.
    redirect: 'error',
  });
  return { ok: answer.ok, status: answer.status, headers: answer.headers, text: await answer.text() };
}
