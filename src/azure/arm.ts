import type { Logger } from '../log.ts';
import type { AzureCredentials } from './credentials.ts';
import { type ArmPlace, type AzureVariables, armPlace, isOfArm } from './endpoints.ts';
import { AzureFailure, isMissing } from './failure.ts';
import { type AzureAnswer, type AzureRequest, send } from './http.ts';
import { finishOperation } from './operation.ts';
import { actionOf, toRefusal } from './refusal.ts';
import { type CallRetryOptions, retryCall } from './retry-call.ts';

export interface ArmOptions {
  apiVersion: string;
  body?: unknown;
  /** Further query parameters. */
  query?: Readonly<Record<string, string>>;
  /** An ETag, or `*`. */
  ifMatch?: string | undefined;
  /** The caller looks at the resource itself until a long operation has ended: what has begun it is the answer. */
  detached?: boolean;
  /** Failures that end by themselves beside the usual ones. */
  also?: CallRetryOptions['also'];
  /** It is not sent again where whether it was done is unknown. */
  notTwice?: CallRetryOptions['notTwice'];
}

export interface ArmAnswer<T> {
  status: number;
  etag: string | undefined;
  /** The resource; undefined where there is no body. */
  body: T;
}

/** Azure Resource Manager. */
export interface Arm {
  readonly place: ArmPlace;
  /**
   * Sends a call, again where Azure is busy or failing, and waits for a long operation to end; a PUT is then followed by
   * a GET of its resource. Throws ColdgateError, whose cause is the AzureFailure (`failureIn`, `isMissing`).
   * @param path from `/subscriptions` on, or the URL of a next page
   */
  send<T>(method: AzureRequest['method'], path: string, options: ArmOptions): Promise<ArmAnswer<T>>;
  /** Reads a resource; undefined where there is none. */
  find<T>(path: string, options: ArmOptions): Promise<ArmAnswer<T> | undefined>;
  /** All pages of a list. */
  list<T>(path: string, options: ArmOptions): Promise<T[]>;
}

export interface ArmDeps {
  log: Logger;
  signal: AbortSignal;
  credentials: AzureCredentials;
  variables: AzureVariables;
}

export function openArm({ log, signal, credentials, variables }: ArmDeps): Arm {
  const place = armPlace(variables);
  const once = authorized(credentials, place.scope);
  const sendCall: Arm['send'] = async <T>(method: AzureRequest['method'], path: string, options: ArmOptions) => {
    const call = { ...callOf(place, path, options), method, signal };
    try {
      const began = await retryCall(() => once(call), { log, signal, also: options.also, notTwice: options.notTwice });
      const polling = { log, signal, place, once };
      const ended = options.detached ? began : await finishOperation(polling, { method, url: call.url, path }, began);
      return { status: ended.status, etag: ended.headers.get('etag') ?? undefined, body: ended.body as T };
    } catch (error) {
      signal.throwIfAborted();
      throw toRefusal(error, { action: actionOf(method, path), resource: path, principal: credentials.principal() });
    }
  };
  return {
    place,
    send: sendCall,
    find: (path, options) =>
      sendCall<never>('GET', path, options).catch((error) => {
        if (isMissing(error)) return undefined;
        throw error;
      }),
    async list<T>(path: string, options: ArmOptions) {
      const all: T[] = [];
      for (let next: string | undefined = path; next !== undefined; ) {
        const { body }: ArmAnswer<Page<T> | undefined> = await sendCall('GET', next, options);
        all.push(...(body?.value ?? []));
        next = body?.nextLink || undefined;
      }
      return all;
    },
  };
}

const callOf = (place: ArmPlace, path: string, { apiVersion, body, query, ifMatch }: ArmOptions) => ({
  url: urlOf(place, path, { ...query, 'api-version': apiVersion }),
  headers: { ...(ifMatch !== undefined && { 'if-match': ifMatch }) },
  ...(body !== undefined && { json: body }),
});

interface Page<T> {
  value?: T[];
  nextLink?: string | null;
}

/** Sends with a token, and once more with a new one where that was refused: a long run outlives its first. */
export const authorized =
  (credentials: AzureCredentials, scope: string) =>
  async (call: AzureRequest): Promise<AzureAnswer> => {
    const attempt = async (anew: boolean): Promise<AzureAnswer> => {
      const token = await credentials.token(scope, anew);
      return send({ ...call, headers: { ...call.headers, authorization: `Bearer ${token}` } });
    };
    try {
      return await attempt(false);
    } catch (error) {
      if (!(error instanceof AzureFailure) || error.status !== 401) throw error;
      return attempt(true);
    }
  };

/** Address of a path, or of a next page, which has its query already. Throws Error for one of another host. */
function urlOf(place: ArmPlace, path: string, query: Record<string, string>): string {
  if (path.startsWith('/')) return `${place.base}${path}?${new URLSearchParams(query)}`;
  if (isOfArm(place, path)) return path;
  throw new Error(`Azure names a page at another address than ${place.base}: ${path}`);
}
