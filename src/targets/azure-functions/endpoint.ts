import { ColdgateError, exitCodes } from '../../errors.ts';
import { pause } from '../../pause.ts';
import {
  type Answer,
  type CallOptions,
  CallTimeout,
  call,
  field,
  isOurs,
  type MovedAddress,
} from '../../rollout/proof/http.ts';
import { type Endpoint, warmPath } from '../../rollout/proof/prove.ts';
import type { FlexContext } from './context.ts';
import { keyOf } from './keys.ts';

/** Longest that an update of an app is borne with: it is down for seconds, and its front end for some more, ms. */
const settlingMs = 300_000;
const betweenMs = 500;
/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits */
const maxBytes = 100 * 1024 * 1024;

/** How long a change of an app is borne with. */
export const settlingUntil = (): number => performance.now() + settlingMs;

/** Where an app answers. */
export interface Place {
  site: string;
  url: string;
  /** It was changed by this run: what answers early is then waited out. */
  moved?: MovedAddress | undefined;
}

/** Asks once, with the key where one is asked for. */
export async function ask(
  context: FlexContext,
  { site, url }: Place,
  path: string,
  options: CallOptions,
): Promise<Answer> {
  const key = await keyOf(context, site);
  const headers = key === undefined ? {} : { 'x-functions-key': key };
  const answer = await call(`${url}${path}`, { ...options, headers: { ...options.headers, ...headers } });
  // A key that was renewed, or is of an app that was made again, is read again by the next call.
  if (answer.status === 401 && !isOurs(answer)) context.keys.delete(site);
  return answer;
}

/** What Azure answers in place of an app that starts: it restarts, does not know its host, function or key yet. */
export const isEarly = (answer: Answer): boolean =>
  !isOurs(answer) && [401, 403, 404, 500, 502, 503, 504].includes(answer.status);

/** Whether the process of before has answered. */
export const isOfBefore = (path: string, answer: Answer, reports: string): boolean =>
  path === warmPath && isOurs(answer) && field(answer.body, 'revision') !== reports;

/** How long one process is asked which revision it is, ms. */
const whoMs = 30_000;

/**
 * Whether the revision that is waited for says itself that it cannot load its model, so that waiting helps nothing. Such an
 * error names no revision: its process is asked for it. Roles that this run gives count late, so a store that refuses an
 * identity of the app's own is waited for.
 */
async function isOwnFailure(
  context: FlexContext,
  { site, url }: Place,
  { path, answer, reports }: { path: string; answer: Answer; reports: string },
): Promise<boolean> {
  const { status, body, headers } = answer;
  const code = field(field(body, 'error'), 'code');
  if (path !== warmPath || !isOurs(answer) || status < 500 || typeof code !== 'string') return false;
  if (code === 'store-denied' && context.settings.identity === 'system') return false;
  try {
    const health = await ask(context, { site, url }, '/v1/health', { timeoutMs: whoMs, signal: context.signal });
    const isSame = field(health.body, 'instance_id') === headers['x-coldgate-instance'];
    return isSame && field(health.body, 'revision') === reports;
  } catch (error) {
    context.signal.throwIfAborted();
    if (error instanceof ColdgateError) throw error;
    return false;
  }
}

/**
 * An app as callers reach it. After a change of this run, answers of the front end, lost connections and the process of before
 * are waited out for some minutes, until the new one answers or says that it cannot.
 */
export function endpointAt(context: FlexContext, place: Place): Endpoint {
  return {
    url: place.url,
    maxBytes,
    send: async (path, options) => {
      for (;;) {
        const isSettling = place.moved !== undefined && performance.now() < place.moved.until;
        const answer = await attempt(context, place, path, options, isSettling);
        if (answer !== undefined && !(isSettling && (await isToCome(context, place, path, answer)))) {
          checkAdmitted(context, place, answer);
          return answer;
        }
        await pause(betweenMs, options.signal);
      }
    },
  };
}

/** Whether what answers an app that this run has changed is of before, or of the front end alone. */
export async function isToCome(context: FlexContext, place: Place, path: string, answer: Answer): Promise<boolean> {
  const reports = place.moved?.reports ?? '';
  if (!isEarly(answer) && !isOfBefore(path, answer, reports)) return false;
  return !(await isOwnFailure(context, place, { path, answer, reports }));
}

/** Nothing where the connection was lost, while that is no wonder. */
async function attempt(
  context: FlexContext,
  place: Place,
  path: string,
  options: CallOptions,
  isSettling: boolean,
): Promise<Answer | undefined> {
  try {
    return await ask(context, place, path, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (!isSettling || error instanceof CallTimeout || error instanceof ColdgateError) throw error;
    return undefined;
  }
}

/** Throws ColdgateError `permission-denied` (exit 8) where the host turned the caller away. */
function checkAdmitted({ settings, credentials }: FlexContext, { url }: Place, answer: Answer): void {
  if (isOurs(answer) || (answer.status !== 401 && answer.status !== 403)) return;
  const isNetwork = answer.status === 403 && /ip forbidden/i.test(JSON.stringify(answer.body ?? ''));
  const why = isNetwork ? 'its network takes no calls from here' : `HTTP ${answer.status}`;
  const hint = isNetwork
    ? 'Run the pipeline on a runner in the network of the app, or allow its address in the access restrictions.'
    : settings.auth === 'function'
      ? 'Look whether its key coldgate was renewed, and run this again; authentication of App Service in front of it must be off.'
      : 'Turn off authentication of App Service in front of it, or take auth: function.';
  throw new ColdgateError('permission-denied', exitCodes.denied, `${url} turned this run away (${why}).`, {
    hint,
    data: { action: 'call the function', resource: url, account: credentials.principal() ?? null },
  });
}
