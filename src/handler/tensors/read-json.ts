import { isAscii, isUtf8 } from 'node:buffer';
import type { AppRequest } from '../http/app-request.ts';
import { RequestError } from '../http/request-error.ts';

export type BodyKind = 'json' | 'binary';

/** The body's kind according to its headers. Throws RequestError 415. */
export function bodyKind(request: AppRequest, allowed: readonly BodyKind[] = ['json', 'binary']): BodyKind {
  const type = (request.headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const kind = type === 'application/json' ? 'json' : type === 'application/octet-stream' ? 'binary' : undefined;
  if (kind && allowed.includes(kind)) return kind;
  const names = allowed.map((one) => (one === 'json' ? 'application/json' : 'application/octet-stream'));
  throw new RequestError(415, 'unsupported-media-type', `Expected content-type ${names.join(' or ')}.`);
}

/** Throws RequestError 400 `bad-json`. */
export function parseJsonObject(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    // Of numbers nearly always; taken as such, they need no decoding.
    const encoding = isAscii(bytes) ? 'latin1' : 'utf8';
    if (encoding === 'utf8' && !isUtf8(bytes)) throw new SyntaxError();
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(encoding));
  } catch {
    throw new RequestError(400, 'bad-json', 'The body is not JSON in UTF-8.');
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new RequestError(400, 'bad-json', 'The body should be a JSON object.');
}
