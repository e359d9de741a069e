import { ColdgateError, exitCodes } from '../../errors.ts';
import { pause } from '../../pause.ts';
import { type Answer, type CallOptions, CallTimeout, call, field } from '../../rollout/proof/http.ts';
import { type Endpoint, warmPath } from '../../rollout/proof/prove.ts';
import type { FlexContext } from './context.ts';
import { keyOf } from './keys.ts';

/** Longest that an update of an app is borne with: it is down for seconds, and its front end for some more, ms. */
const settlingMs = 300_000;
const betweenMs = 500;
/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits */
const maxBytes = 100 * 1024 * 1024;

/** The handler names its instance in every answer; Azure's front end and its host do not. */
export const isOurs = ({ headers }: Answer): boolean => headers['x-coldgate-instance'] !== undefined;

/** How long a change of an app is borne with. */
export const settlingUntil = (): number => performance.now() + settlingMs;

/** Where an app answers. */
export interface Place {
  site: string;
  url: string;
  /** It was changed by this run: what answers early is then waited out. */
  moved?: { reports: string; until: number } | undefined;
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

/**
 * An app as callers reach it. After a change of this run, answers of the front end, lost connections and the process of before
 * are waited out for some minutes.
 */
export function endpointAt(context: FlexContext, place: Place): Endpoint {
  return {
    url: place.url,
    maxBytes,
    send: async (path, options) => {
      for (;;) {
        const isSettling = place.moved !== undefined && performance.now() < place.moved.until;
        const answer = await attempt(context, place, path, options, isSettling);
        const isToCome =
          answer === undefined || isEarly(answer) || isOfBefore(path, answer, place.moved?.reports ?? '');
        if (answer !== undefined && !(isSettling && isToCome)) {
          checkAdmitted(context, place, answer);
          return answer;
        }
        await pause(betweenMs, options.signal);
      }
    },
  };
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
