import { ColdgateError, exitCodes } from '../../errors.ts';
import { pause } from '../../pause.ts';
import { type Answer, type CallOptions, call, field, isOurs, type MovedAddress } from '../../rollout/proof/http.ts';
import { type Endpoint, warmPath } from '../../rollout/proof/prove.ts';
import type { RunContext } from './context.ts';

/** How long a new tag may lead nowhere, and a moved address to what had it before, ms. */
const settlingMs = 60_000;
const betweenMs = 500;
const sampleBetweenMs = 250;

/** Largest body of a request over HTTP/1: https://cloud.google.com/run/quotas#request_limits */
const maxBytes = 32 * 1024 * 1024;

/** Where a service or a tag of it answers. */
export interface Place {
  /** Of the service. */
  name: string;
  url: string;
  /** Whether that was changed now: answers of the front end are then waited out for a while. */
  changed: boolean;
  /** What the address was moved to by this run; another revision may answer for a while. */
  moved?: MovedAddress | undefined;
}

/** As callers reach it, with an ID token where only those may call who have one. */
export function endpointAt(context: RunContext, { name, url, changed, moved }: Place): Endpoint {
  return {
    url,
    maxBytes,
    send: async (path, options) => {
      const until = performance.now() + (changed ? settlingMs : 0);
      for (;;) {
        const answer = await authorized(context, { name, url }, path, options);
        if (isOfBefore(path, answer, moved) || (isEarly(context, answer) && performance.now() < until)) {
          await pause(betweenMs, options.signal);
          continue;
        }
        await checkAdmitted(context, url, answer);
        return answer;
      }
    },
  };
}

/** What the front end answers until it knows a new tag, or that a service is open to everyone. */
const isEarly = ({ settings }: RunContext, answer: Answer): boolean =>
  !isOurs(answer) && (settings.auth === 'none' ? [401, 403, 404, 429] : [404, 429]).includes(answer.status);

/** Whether the revision of before has answered, or is ending and no longer can, while that is no wonder. */
export function isOfBefore(path: string, answer: Answer, moved: Place['moved']): boolean {
  if (moved === undefined || performance.now() > moved.until) return false;
  if (answer.status === 503 && !isOurs(answer)) return true;
  const revision = field(answer.body, 'revision');
  return path === warmPath && revision !== undefined && revision !== moved.reports;
}

/** How long the move of an address is borne with. */
export const settlingUntil = (): number => performance.now() + settlingMs;

/**
 * The tag of a sample. The front end's 404 means that it does not know the tag yet and has started nothing; the attempt that
 * is answered by anything else is the start, and the clock is set when it is sent.
 * @param early what of the front end means that nothing was started
 */
export function sampleEndpoint(
  context: RunContext,
  { name, url }: Pick<Place, 'name' | 'url'>,
  clock: { began: number },
  early: readonly number[] = [404],
): Endpoint {
  return {
    url,
    maxBytes,
    send: async (path, options) => {
      const until = performance.now() + settlingMs;
      for (;;) {
        // The token is not part of a start.
        await tokenFor(context, audienceOf(context, name, url));
        clock.began = performance.now();
        const answer = await authorized(context, { name, url }, path, options);
        if (!early.includes(answer.status) || isOurs(answer) || performance.now() > until) {
          await checkAdmitted(context, url, answer);
          return answer;
        }
        await pause(sampleBetweenMs, options.signal);
      }
    },
  };
}

async function authorized(
  context: RunContext,
  { name, url }: Pick<Place, 'name' | 'url'>,
  path: string,
  options: CallOptions,
): Promise<Answer> {
  const attempt = async (audience: string): Promise<Answer> => {
    const token = await tokenFor(context, audience);
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return call(`${url}${path}`, { ...options, headers: { ...options.headers, ...headers } });
  };
  const audience = audienceOf(context, name, url);
  const answer = await attempt(audience);
  // The service's own address is accepted for its tags; should that not hold, the tag's own may.
  return answer.status === 401 && !isOurs(answer) && audience !== url ? attempt(url) : answer;
}

const tokenFor = async ({ settings, credentials }: RunContext, audience: string): Promise<string | undefined> =>
  settings.auth === 'iam' ? credentials.idToken(audience) : undefined;

/** `https://c-0a1b2c---digits-abc-ew.a.run.app` is a tag of `https://digits-abc-ew.a.run.app`. */
const audienceOf = ({ uris }: RunContext, name: string, url: string): string =>
  uris.get(name) ?? url.replace(/^(https?:\/\/)[a-z0-9-]+?---/, '$1');

/** Throws ColdgateError `permission-denied` (exit 8) where the front end turned the caller away. */
async function checkAdmitted({ settings, credentials }: RunContext, url: string, answer: Answer): Promise<void> {
  if (isOurs(answer) || (answer.status !== 403 && answer.status !== 401)) return;
  const permission = 'run.routes.invoke';
  const account = await credentials.account();
  const isPrivate = settings.auth === 'iam';
  const who = isPrivate ? (account ?? 'the identity of these credentials') : 'everyone';
  const text = `Google does not allow ${permission} on ${url} to ${who} (HTTP ${answer.status}).`;
  throw new ColdgateError('permission-denied', exitCodes.denied, text, {
    hint: isPrivate
      ? `Grant roles/run.invoker on the service to ${who}. A new grant takes some minutes to count.`
      : 'Look whether an organisation policy forbids public services; auth: iam needs none.',
    data: { action: permission, resource: url, account: account ?? null },
  });
}
