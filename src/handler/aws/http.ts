import type { AppRequest, AppResponse } from '../app-request.ts';
import { tooLarge } from '../request-error.ts';
import type { HttpEvent } from './event.ts';

/** The reply of payload 2.0. */
export interface HttpReply {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
  isBase64Encoded: boolean;
}

/** Repeated headers come joined by commas, cookies in a list of their own; `xray` is the invocation's trace. */
export function toAppRequest(event: HttpEvent, requestId: string | undefined, xray: string | undefined): AppRequest {
  const { rawPath, rawQueryString, requestContext, cookies } = event;
  const headers = new Map(Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  if (cookies && !headers.has('cookie')) headers.set('cookie', cookies.join('; '));
  if (xray && !headers.has('x-amzn-trace-id')) headers.set('x-amzn-trace-id', xray);
  const { stage, http } = requestContext;
  return {
    method: http.method,
    url: withoutStage(rawPath, stage) + (rawQueryString ? `?${rawQueryString}` : ''),
    headers: { get: (name) => headers.get(name) ?? null },
    read: async (limit) => {
      const { body = '', isBase64Encoded } = event;
      // Four characters carry three bytes, so a body too large is refused before it is decoded.
      if (isBase64Encoded && (body.length / 4) * 3 - 2 > limit) throw tooLarge(limit);
      const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
      if (bytes.byteLength > limit) throw tooLarge(limit);
      return bytes;
    },
    requestId: requestContext.requestId ?? requestId,
  };
}

/** A named stage of an HTTP API stands before the path. */
function withoutStage(path: string, stage: string | undefined): string {
  if (!stage || stage === '$default' || !`${path}/`.startsWith(`/${stage}/`)) return path;
  return path.slice(stage.length + 1) || '/';
}

const isText = (type: string): boolean => /^(?:text\/|application\/(?:[\w.+-]+\+)?json\b)/.test(type);

/** Bytes travel as base64; only what is known to be text goes as it is. */
export function toHttpReply({ status, headers, body }: AppResponse, method: string): HttpReply {
  const type = headers['content-type'] ?? (typeof body === 'string' ? 'text/plain; charset=utf-8' : undefined);
  const all = { ...headers, 'content-type': type ?? 'application/octet-stream' };
  const reply = { statusCode: status, headers: all };
  if (method === 'HEAD') return { ...reply, body: '', isBase64Encoded: false };
  if (typeof body === 'string' && isText(all['content-type'])) return { ...reply, body, isBase64Encoded: false };
  return { ...reply, body: Buffer.from(body as string).toString('base64'), isBase64Encoded: true };
}
