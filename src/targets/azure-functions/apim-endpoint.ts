import { UnprovenError } from '../../errors.ts';
import { type Answer, type CallOptions, call, describeAnswer, field } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import { type ApimAccess, apimVersion, poll } from './apim-client.ts';
import { revisionHeader, subscriptionHeader } from './apim-policy.ts';
import type { WantedRevision } from './apim-wanted.ts';

/** Longest that a change takes to be known to every gateway of a service, ms. */
const settlingMs = 300_000;
const probeMs = 30_000;
/** A gateway is several machines: so many answers in a row have to be those of the revision. */
const wantedInARow = 3;

/** Header of everything that our handler answers. */
const instanceHeader = 'x-coldgate-instance';
/** What a gateway answers while a change spreads, or a function starts. */
const early = [401, 403, 404, 408, 500, 502, 503, 504];

/** How a revision is called; its digest, where that is known. */
export type ApimFacts = Pick<WantedRevision, 'names' | 'takesKeys' | 'takesTokens'> & { digest?: string | undefined };

/** How callers reach the function through one revision of the API, and so how it is proven. */
export interface ApimDoor {
  url: string;
  wanted: ApimFacts;
  /** The function by its own address. */
  inside: Endpoint;
  /** Whether the address was changed now: what is not ready yet is then borne with for a while. */
  changed: boolean;
  /** Whether an answer is of what the function ran before. */
  isLate?: ((path: string, answer: Answer) => Promise<boolean>) | undefined;
}

/**
 * Asks as a client does, with a subscription key of the API's own. Where callers must present a token as well, which a
 * pipeline does not have, the gateway has to turn a caller without one away, and the function is asked by its own address.
 */
export function apimEndpoint(access: ApimAccess, door: ApimDoor): Endpoint {
  const { url, inside, wanted } = door;
  const send: Endpoint['send'] = async (path, options) => {
    if (!wanted.takesTokens) return throughGateway(access, door, path, options);
    const plain = { ...options, ...(options.json !== undefined && { json: {} }) };
    const answer = await throughGateway(access, door, path, plain);
    if (isRefusal(answer)) return inside.send(path, options);
    throw new Error(`it answers ${describeAnswer(answer)} to a caller without a token, expected 401`);
  };
  return { url, send, ...(inside.maxBytes !== undefined && { maxBytes: inside.maxBytes }) };
}

/** Waits until every gateway serves the revision, and the function behind it answers. Throws UnprovenError. */
export async function waitForRevision(access: ApimAccess, door: ApimDoor): Promise<void> {
  const until = performance.now() + (access.settlingMs ?? settlingMs);
  for (let inARow = 0, looks = 0; inARow < wantedInARow; ) {
    const last = await attempt(access, door, '/v1/health', { timeoutMs: probeMs, signal: access.signal });
    const isCounted = (await isReady(last, door)) || (inARow > 0 && isOfLimit(last, door));
    inARow = isCounted ? inARow + 1 : 0;
    if (isCounted) continue;
    if (performance.now() > until) throw neverServed(door, last);
    await poll(access, looks++);
  }
}

async function throughGateway(access: ApimAccess, door: ApimDoor, path: string, options: CallOptions): Promise<Answer> {
  const patience = access.settlingMs ?? settlingMs;
  const began = performance.now();
  for (let looks = 0; ; looks++) {
    const answer = await attempt(access, door, path, options);
    if (await isAsWanted(answer, door, path)) return answer as Answer;
    const isLimit = !(answer instanceof Error) && answer.status === 429;
    if (performance.now() - began > (door.changed || isLimit ? patience : 0)) {
      if (answer instanceof Error) throw answer;
      return answer;
    }
    await poll(access, looks);
  }
}

async function attempt(
  access: ApimAccess,
  { url, wanted }: ApimDoor,
  path: string,
  options: CallOptions,
): Promise<Answer | Error> {
  const key = wanted.takesKeys ? { [subscriptionHeader]: await proofKey(access, wanted) } : {};
  try {
    const answer = await call(`${url}${path}`, { ...options, headers: { ...options.headers, ...key } });
    // The subscription may have been recreated, or its key renewed.
    if (answer.status === 401 && !(revisionHeader in answer.headers)) keys.get(access.arm)?.clear();
    return answer;
  } catch (error) {
    access.signal.throwIfAborted();
    return error as Error;
  }
}

/** The gateway's own no to a caller without a token, in its own form. */
const isRefusal = (answer: Answer): boolean => answer.status === 401 && field(answer.body, 'statusCode') === 401;

/** Whether the policy of the revision has had a hand in an answer. */
const isOfRevision = ({ headers }: Answer, { digest }: ApimFacts): boolean =>
  digest === undefined ? revisionHeader in headers : headers[revisionHeader] === digest;

async function isAsWanted(
  answer: Answer | Error,
  { wanted, isLate = async () => false }: ApimDoor,
  path: string,
): Promise<boolean> {
  if (answer instanceof Error || !isOfRevision(answer, wanted)) return false;
  if (wanted.takesTokens) return isRefusal(answer);
  const isOfFunction = instanceHeader in answer.headers;
  return (isOfFunction || ![...early, 429].includes(answer.status)) && !(await isLate(path, answer));
}

/** Whether the function's health came through, or a caller without a token was turned away. */
const isReady = async (answer: Answer | Error, door: ApimDoor): Promise<boolean> =>
  (await isAsWanted(answer, door, '/v1/health')) &&
  !(answer instanceof Error) &&
  (door.wanted.takesTokens || answer.status === 200);

/** The limit of the revision itself, which may be less than what a proof asks. */
const isOfLimit = (answer: Answer | Error, { wanted }: ApimDoor): boolean =>
  !(answer instanceof Error) && answer.status === 429 && isOfRevision(answer, wanted);

const keys = new WeakMap<ApimAccess['arm'], Map<string, Promise<string>>>();

/** The key of the subscription that proves releases: read once in a run, again where it was refused, and masked. */
function proofKey({ arm, log }: ApimAccess, { names }: ApimFacts): Promise<string> {
  const known = keys.get(arm) ?? new Map<string, Promise<string>>();
  keys.set(arm, known);
  const path = `${names.service}/subscriptions/${names.subscription}/listSecrets`;
  const found = known.get(path) ?? read(path);
  known.set(path, found);
  found.catch(() => known.delete(path));
  return found;

  async function read(from: string): Promise<string> {
    const { body } = await arm.send<{ primaryKey?: string }>('POST', from, { apiVersion: apimVersion });
    const key = body.primaryKey ?? '';
    log.mask(key);
    return key;
  }
}

function neverServed({ url, wanted }: ApimDoor, last: Answer | Error): UnprovenError {
  const lastSeen = last instanceof Error ? last.message : describeAnswer(last);
  const isServed = !(last instanceof Error) && isOfRevision(last, wanted);
  const why = isServed
    ? 'the function behind it does not answer'
    : `the gateway does not serve revision ${wanted.digest} of the API ${wanted.names.api}`;
  return new UnprovenError('gateway-not-ready', `${url}: ${why}: ${lastSeen}.`, {
    hint: 'What served before still does. Look at the API’s test console in API Management, and run this again.',
    data: { url, digest: wanted.digest },
  });
}
