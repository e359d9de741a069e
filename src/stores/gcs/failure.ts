import type { IncomingMessage } from 'node:http';
import { redact } from '../redact.ts';

/** A request that failed, in plain values: the server's response, or why there is none. */
export class RequestFailure extends Error {
  /** HTTP status; 0 where there was no answer. */
  readonly status: number;
  /** The service's word for it (`conditionNotMet`), or Node's code (`ECONNRESET`), or the name of what was thrown. */
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(redact(message));
    this.name = 'RequestFailure';
    this.status = status;
    this.reason = reason;
  }
}

/** Why no answer came. */
export function noAnswer(thrown: unknown): RequestFailure {
  if (thrown instanceof RequestFailure) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const code: unknown = Reflect.get(error, 'code');
  return new RequestFailure(0, typeof code === 'string' ? code : error.name, error.message);
}

/** The failure that a response describes; JSON from the API, XML or plain text where media is served. */
export function failureOf({ statusCode = 0, statusMessage }: IncomingMessage, body: string): RequestFailure {
  const described = readJsonError(body) ?? readXmlError(body);
  const text = /^\s*</.test(body) ? '' : body.trim().split('\n')[0]?.slice(0, 300);
  return new RequestFailure(
    statusCode,
    described?.reason ?? `HTTP ${statusCode}`,
    described?.message || text || statusMessage || 'no words',
  );
}

interface Described {
  reason: string | undefined;
  message: string;
}

function readJsonError(body: string): Described | undefined {
  try {
    const { error } = JSON.parse(body);
    if (typeof error?.message !== 'string') return undefined;
    const reason: unknown = error.errors?.[0]?.reason ?? error.status;
    return { reason: typeof reason === 'string' ? reason : undefined, message: error.message };
  } catch {
    return undefined;
  }
}

function readXmlError(body: string): Described | undefined {
  const code = /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
  if (code === undefined) return undefined;
  const part = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? '';
  return { reason: code, message: `${part('Message')} ${part('Details')}`.trim() };
}
