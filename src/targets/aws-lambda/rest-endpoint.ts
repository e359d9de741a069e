import { ColdgateError, exitCodes } from '../../errors.ts';
import { pause } from '../../pause.ts';
import { type Answer, call, describeAnswer, field } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { LambdaContext } from './context.ts';
import { type FunctionUrl, invokeEndpoint, lambdaBytes, signature } from './endpoint.ts';
import { findRestApi } from './rest-api.ts';
import { isClosed, takesKeys } from './rest-api-document.ts';
import { proofKey } from './rest-api-keys.ts';
import { defaultHost } from './rest-calls.ts';

/** New keys take up to minutes to be known everywhere, ms. */
const keySettlingMs = 300_000;
/** Stages and permissions take less; a throttle is waited for as long, also where nothing is new. */
const settlingMs = 60_000;
const betweenMs = 1000;
/** What a REST API answers until it has heard of a stage, a key or a permission. */
const early = [403, 404, 500, 503];

/** How long an answer may be one of those, ms. */
function patienceMs(status: number, changed: boolean): number {
  if (status === 429) return settlingMs;
  if (!changed) return 0;
  return status === 403 ? keySettlingMs : settlingMs;
}

/**
 * Asks through the API's own host as callers do, with a key of Coldgate's own where calls need one. Where callers must
 * present a certificate, which a pipeline has not, that host has to be closed, and the alias is asked by Lambda's own call.
 */
export function restEndpoint(context: LambdaContext, place: FunctionUrl): Endpoint {
  const inside = invokeEndpoint(context, place.name, place.alias);
  const send: Endpoint['send'] = async (path, options) => {
    const began = performance.now();
    for (;;) {
      const { host, key } = await doorOf(context, place.name);
      const keyed = key === undefined ? {} : { 'x-api-key': key };
      const signed =
        context.settings.auth === 'iam' ? await signature(context, 'execute-api', host + path, options) : {};
      const answer = await call(`${host}${path}`, { ...options, headers: { ...options.headers, ...signed, ...keyed } });
      if (isClosed(context.settings)) {
        if (isForbidden(answer)) return inside.send(path, options);
      } else if (!early.includes(answer.status) && answer.status !== 429) return answer;
      if (performance.now() - began > patienceMs(answer.status, place.changed)) return givenUp(context, place, answer);
      // The key may have been recreated.
      if (answer.status === 403) doors.get(context)?.delete(place.name);
      await pause(betweenMs, options.signal);
    }
  };
  return { url: place.url, maxBytes: lambdaBytes, send };
}

/** API Gateway's own no to a key, and to everyone at a host that is closed. */
const isForbidden = ({ status, body }: Answer): boolean => status === 403 && field(body, 'message') === 'Forbidden';

interface Door {
  host: string;
  key: string | undefined;
}

const doors = new WeakMap<LambdaContext, Map<string, Promise<Door>>>();

/** Where the API answers and with what key, read once in a run. */
function doorOf(context: LambdaContext, name: string): Promise<Door> {
  const known = doors.get(context) ?? new Map<string, Promise<Door>>();
  doors.set(context, known);
  const door = known.get(name) ?? readDoor(context, name);
  known.set(name, door);
  door.catch(() => known.delete(name));
  return door;
}

async function readDoor(context: LambdaContext, name: string): Promise<Door> {
  const api = await findRestApi(context, name);
  if (!api?.id) throw new Error(`there is no REST API of ${name}`);
  const key = takesKeys(context.settings) && !isClosed(context.settings) ? await proofKey(context, name) : undefined;
  return { host: defaultHost(context, api.id), key };
}

function givenUp({ settings }: LambdaContext, { url }: FunctionUrl, answer: Answer): Answer {
  if (isClosed(settings))
    throw new Error(
      `its default host answers ${describeAnswer(answer)}, expected 403: a domain's trust store has it closed`,
    );
  if (answer.status !== 403 || settings.auth !== 'iam' || isForbidden(answer)) return answer;
  throw new ColdgateError('permission-denied', exitCodes.denied, `AWS does not allow execute-api:Invoke on ${url}.`, {
    hint: 'Allow execute-api:Invoke on the API to the role that this step runs as.',
    data: { action: 'execute-api:Invoke', resource: url, answer: answer.body },
  });
}
