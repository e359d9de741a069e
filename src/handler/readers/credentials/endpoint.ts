import { LoadError } from '../../model/load-error.ts';
import { isOnMachine } from '../hosts.ts';
import { defaultLimits } from '../limits.ts';
import { persist } from '../persist.ts';
import { type HttpRequest, send } from '../transport.ts';
import { TransportError } from '../transport-error.ts';

/** These services are on the machine or next to it: they answer at once or are not there. */
const limits = { ...defaultLimits, stallMs: 2_000, deadlineMs: 8_000, retries: 2 };

export interface EndpointRequest extends Pick<HttpRequest, 'headers' | 'body'> {
  method?: HttpRequest['method'];
  url: URL;
}

/**
 * Asks a service that gives out credentials. Neither what is sent nor what comes back is ever part of a message.
 * Throws LoadError `store-denied` where it refuses and `store-unavailable` where it does not answer.
 */
export async function askEndpoint(name: string, request: EndpointRequest): Promise<string> {
  const { url, method = 'GET', headers, body } = request;
  const ask: HttpRequest = { method, origin: url, path: url.pathname + url.search, headers, body };
  try {
    const answer = await persist(() => send({ ...ask, stallMs: limits.stallMs }), limits);
    const text = await answer.text();
    if (answer.status === 200 && text !== '') return text;
    const denied = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
    const code = denied ? 'store-denied' : 'store-unavailable';
    throw new LoadError(code, `${name} answered ${answer.status} and gave no credentials.`);
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    throw new LoadError('store-unavailable', `${name} could not be asked for credentials: ${error.message}.`, error);
  }
}

/**
 * The address of such a service from a variable: https, or plain http where it stays on the machine.
 * Throws LoadError `store-denied`.
 */
export function endpointUrl(
  variable: string,
  text: string,
  alsoPlain: (hostname: string) => boolean = isOnMachine,
): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && alsoPlain(url.hostname))) return url;
  throw new LoadError(
    'store-denied',
    `${variable}: expected an https URL, or an http one of a loopback or link-local address, since credentials travel there.`,
  );
}

/** The named text fields of a JSON object. Throws LoadError `store-denied` where one is missing. */
export function textFields<Name extends string>(
  name: string,
  json: string,
  wanted: readonly Name[],
): Record<Name, string> {
  const fields = parse(json);
  const missing = wanted.find((field) => typeof fields[field] !== 'string' && typeof fields[field] !== 'number');
  if (missing !== undefined) throw new LoadError('store-denied', `${name}: there is no ${missing}.`);
  return Object.fromEntries(wanted.map((field) => [field, String(fields[field])])) as Record<Name, string>;
}

function parse(json: string): Record<string, unknown> {
  try {
    const value = JSON.parse(json) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
