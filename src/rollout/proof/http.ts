import { Agent, request } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { proxyOptions } from '../../proxy.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Parsed JSON, or the text when it is none. */
  body: unknown;
}

/** Whether the handler answered: it names its instance, which no front end of a platform does. */
export const isOurs = ({ headers }: Answer): boolean => headers['x-coldgate-instance'] !== undefined;

/** An address that this run has moved: until then, what had it before may answer there. */
export interface MovedAddress {
  /** Revision that is to answer. */
  reports: string;
  /** By `performance.now()`. */
  until: number;
}

export interface CallOptions {
  /** Whole call, ms. */
  timeoutMs: number;
  signal?: AbortSignal | undefined;
  /** Sent as JSON with POST; without it the call is a GET. */
  json?: unknown;
  /** The same, as JSON text already. */
  body?: string | undefined;
  /** Further headers, such as a signature. */
  headers?: Record<string, string> | undefined;
}

/** The call took too long. */
export class CallTimeout extends Error {}

/** `false` is a connection past any proxy, as agents are made by Node then. */
function agentFor(url: string): Agent | false {
  const { proxyEnv } = proxyOptions();
  if (proxyEnv === undefined) return false;
  return url.startsWith('https:') ? new SecureAgent({ proxyEnv }) : new Agent({ proxyEnv });
}

const maxAnswerBytes = 64 * 1024 * 1024;

/**
 * One request on a new connection: a kept one could be to a process that has ended since, and its reuse would change
 * measured times. node:http and not fetch, whose first use in a process costs tens of ms.
 */
export function call(url: string, options: CallOptions): Promise<Answer> {
  const text = options.body ?? (options.json === undefined ? undefined : JSON.stringify(options.json));
  const body = text === undefined ? undefined : Buffer.from(text);
  const timeout = AbortSignal.timeout(Math.max(1, Math.ceil(options.timeoutMs)));
  const signal = options.signal ? AbortSignal.any([timeout, options.signal]) : timeout;
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      if (options.signal?.aborted) reject(options.signal.reason);
      else reject(timeout.aborted ? new CallTimeout(`no answer within ${Math.round(options.timeoutMs)} ms`) : error);
    };
    const sent = (url.startsWith('https:') ? secureRequest : request)(
      url,
      {
        agent: agentFor(url),
        signal,
        method: body ? 'POST' : 'GET',
        headers: headersOf(body, options.headers),
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.byteLength;
          if (size > maxAnswerBytes) response.destroy(new Error(`an answer of more than ${maxAnswerBytes} bytes`));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => {
          const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
          const answered = parse(Buffer.concat(chunks).toString('utf8'));
          resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: answered });
        });
      },
    );
    sent.on('error', fail);
    sent.end(body);
  });
}

const headersOf = (body: Buffer | undefined, more: CallOptions['headers']): Record<string, string | number> => ({
  accept: 'application/json',
  ...(body && { 'content-type': 'application/json', 'content-length': body.byteLength }),
  ...more,
});

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** One line that describes an unsuccessful response. */
export function describeAnswer({ status, body }: Answer): string {
  const error = field(body, 'error');
  const [code, message] = [field(error, 'code'), field(error, 'message')];
  if (typeof message === 'string') {
    return `HTTP ${status}${code ? ` ${String(code)}` : ''}: ${message.replace(/\.$/, '')}`;
  }
  return `HTTP ${status}${typeof body === 'string' && body ? `: ${body.slice(0, 200)}` : ''}`;
}

/** A field of whatever a process answered, if that is an object at all. */
export const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
