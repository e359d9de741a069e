import { type ColdgateError, UnprovenError } from '../../errors.ts';
import { type Answer, call, describeAnswer, field } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import { type GatewayAccess, poll } from './gateway-client.ts';
import { notInvited } from './gateway-refusal.ts';
import type { GatewayFacts, WantedGateway } from './gateway-wanted.ts';

/** Max. time until the routes of a new config are served after the API reports that the gateway has it, ms. */
const settlingMs = 300_000;
const probeMs = 30_000;
/** A gateway is many proxies: so many answers in a row have to be those of the new config. */
const wantedInARow = 3;

/** Header of everything that our handler answers. */
const instanceHeader = 'x-coldgate-instance';

/**
 * Waits until the gateway serves the config, by the path that this config alone has: where callers must present something
 * the gateway turns a request without it away, with any other config it does not know the path. Where anyone may call, the
 * function answers. Throws UnprovenError, or ColdgateError (exit 8) when the function does not let the gateway in.
 */
export async function waitForRoutes(access: GatewayAccess, wanted: WantedGateway, url: string): Promise<void> {
  const until = performance.now() + (access.settlingMs ?? settlingMs);
  for (let inARow = 0, looks = 0; inARow < wantedInARow; ) {
    const last = await probe(access, `${url}${wanted.probe}`);
    inARow = isServedBy(last, wanted) ? inARow + 1 : 0;
    if (inARow > 0) continue;
    if (performance.now() > until) throw neverServed(wanted, url, last);
    await poll(access, looks++);
  }
}

async function probe({ signal }: GatewayAccess, url: string): Promise<Answer | Error> {
  try {
    return await call(url, { timeoutMs: probeMs, signal });
  } catch (error) {
    signal.throwIfAborted();
    return error as Error;
  }
}

/** Errors of the gateway itself are JSON with its code; those of Cloud Run are pages. */
const isOfTheGateway = ({ status, body }: Answer): boolean => field(body, 'code') === status;

const isServedBy = (answer: Answer | Error, { isOpen }: WantedGateway): boolean =>
  !(answer instanceof Error) && (isOpen ? instanceHeader in answer.headers : isRefusal(answer));

/** The gateway's no to a caller without credentials. */
const isRefusal = (answer: Answer): boolean => answer.status === 401 && isOfTheGateway(answer);

function neverServed(wanted: WantedGateway, url: string, last: Answer | Error): Error {
  const isAnswer = !(last instanceof Error);
  const reason = isAnswer ? describeAnswer(last) : last.message;
  if (isAnswer && isBackendDenial(last)) return uninvited(wanted, url);
  const message = `${url} does not serve its new config ${wanted.configId}: it answered ${reason}.`;
  return new UnprovenError('gateway-not-ready', message, {
    hint: 'The gateway reports that it has the config: run this again in some minutes.',
    data: { url, config: wanted.configId },
  });
}

/** Cloud Run's own refusal of a caller that may not invoke the service. */
const isBackendDenial = (answer: Answer): boolean =>
  (answer.status === 401 || answer.status === 403) && !isOfTheGateway(answer);

const uninvited = ({ names, owner, account }: GatewayFacts, url: string): ColdgateError =>
  notInvited(names, owner, account, url);

/** What API Gateway answers while a change spreads. */
const early = [401, 403, 404, 500, 502, 503, 504];
/** Body that API Gateway takes, bytes: https://cloud.google.com/api-gateway/docs/quotas */
const maxBytes = 32 * 1024 * 1024;

/** How callers reach the function through its gateway, and so how it is proven. */
export interface GatewayDoor {
  url: string;
  /** Whether the address was changed now: what is not ready yet is then borne with for a while. */
  changed: boolean;
  facts: GatewayFacts;
  /** The function by its own address. */
  inside: Endpoint;
  /** Whether an answer is of a revision that has just lost its traffic. */
  isLate?: ((path: string, answer: Answer) => boolean) | undefined;
}

/**
 * An open gateway is asked as a client does. Where callers must present a key or token, which a pipeline does not have, the
 * gateway has to turn a caller without one away, and the function is asked by its own address.
 */
export function gatewayEndpoint(access: GatewayAccess, door: GatewayDoor): Endpoint {
  const { url, inside, facts } = door;
  const send: Endpoint['send'] = async (path, options) => {
    if (facts.isOpen) return throughGateway(access, door, path, options);
    const answer = await throughGateway(access, door, path, {
      ...options,
      ...(options.json !== undefined && { json: {} }),
    });
    if (isRefusal(answer)) return inside.send(path, options);
    throw new Error(`it answers ${describeAnswer(answer)} to a caller without credentials, expected 401`);
  };
  return { url, maxBytes: Math.min(maxBytes, inside.maxBytes ?? maxBytes), send };
}

async function throughGateway(
  access: GatewayAccess,
  { url, changed, facts, isLate = () => false }: GatewayDoor,
  path: string,
  options: Parameters<Endpoint['send']>[1],
): Promise<Answer> {
  const until = performance.now() + (changed ? (access.settlingMs ?? settlingMs) : 0);
  for (let looks = 0; ; looks++) {
    const answer = await call(`${url}${path}`, options);
    const isOfBefore = isLate(path, answer);
    const isReady = instanceHeader in answer.headers || !early.includes(answer.status);
    const isAsWanted = facts.isOpen ? isReady && !isOfBefore : isRefusal(answer);
    if (isAsWanted) return answer;
    if (performance.now() > until && !isOfBefore) {
      if (isBackendDenial(answer)) throw uninvited(facts, url);
      return answer;
    }
    await poll(access, looks);
  }
}
