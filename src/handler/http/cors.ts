import type { AppRequest } from './app-request.ts';

const exposed = [
  'x-request-id',
  'x-coldgate-version',
  'x-coldgate-sha256',
  'x-coldgate-instance',
  'x-tensor-name',
  'x-tensor-dtype',
  'x-tensor-shape',
  'server-timing',
  'retry-after',
];

/** Headers for a browser whose origin is on the list; nothing for others, which makes browsers refuse the answer. */
export function corsHeaders(request: AppRequest, origins: readonly string[]): Record<string, string> {
  if (origins.length === 0) return {};
  const origin = request.headers.get('origin');
  const any = origins.includes('*');
  if (origin === null || !(any || origins.includes(origin))) return any ? {} : { vary: 'origin' };
  return {
    'access-control-allow-origin': any ? '*' : origin,
    'access-control-expose-headers': exposed.join(', '),
    ...(!any && { vary: 'origin' }),
  };
}

/** Adds what a preflight asks for. */
export function preflightHeaders(request: AppRequest, origins: readonly string[]): Record<string, string> {
  const headers = corsHeaders(request, origins);
  if (!('access-control-allow-origin' in headers)) return headers;
  return {
    ...headers,
    'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
    'access-control-allow-headers':
      'authorization, content-type, content-encoding, accept, x-api-key, x-request-id, x-tensor-shape, traceparent',
    'access-control-max-age': '600',
  };
}
