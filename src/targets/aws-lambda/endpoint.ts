import { InvokeCommand, type InvokeCommandOutput } from '@aws-sdk/client-lambda';
import { AwsV4Signer } from 'aws4fetch';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { pause } from '../pause.ts';
import { type Answer, type CallOptions, CallTimeout, call } from '../proof/http.ts';
import type { Endpoint } from '../proof/prove.ts';
import { wayTo } from './address.ts';
import { toRefusal } from './refusal.ts';
import type { World } from './world.ts';

/** How long a new address may refuse calls until AWS knows of it everywhere, ms. */
const settlingMs = 60_000;
const betweenMs = 500;

/**
 * Largest body of JSON that reaches a function: an event of 6 MB, in which quotes are escaped once more, and headers.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const lambdaBytes = Math.floor((6 * 1024 * 1024 - 4096) / 1.02);

/** Where an alias answers. */
export interface Place {
  name: string;
  alias: string;
  url: string;
  /** Whether that was changed now: refusals are then borne with for a while. */
  changed: boolean;
}

/** How callers reach an alias, and so how it is proven; signed where its address asks for that. */
export function endpointAt(world: World, place: Place): Endpoint {
  const way = wayTo(world, place.alias);
  if (way === 'none') return invokeEndpoint(world, place.name, place.alias);
  if (way === 'http-api' && world.settings.auth === 'jwt') return guardedEndpoint(world, place);
  const signing = world.settings.auth === 'none' ? undefined : way === 'http-api' ? 'execute-api' : 'lambda';
  // What a gateway answers until it has heard of a new route, stage or permission.
  const early = way === 'http-api' ? [403, 404, 500, 503] : [403];
  return addressEndpoint(world, place, signing, early);
}

type Signing = 'lambda' | 'execute-api' | undefined;

function addressEndpoint(world: World, { url, changed }: Place, signing: Signing, early: readonly number[]): Endpoint {
  return {
    url,
    maxBytes: lambdaBytes,
    send: async (path, options) => {
      const until = performance.now() + (changed ? settlingMs : 0);
      for (;;) {
        const answer = await call(`${url}${path}`, {
          ...options,
          headers: await signature(world, signing, url + path, options),
        });
        if (!early.includes(answer.status)) return answer;
        if (performance.now() > until) {
          if (answer.status !== 403) return answer;
          throw refusedUrl(url, signing, answer);
        }
        await pause(betweenMs, options.signal);
      }
    },
  };
}

/**
 * An API behind a JWT authorizer: a pipeline has no token of its callers, so the alias is asked by Lambda's own call, and
 * the API must turn a caller without a token away, which shows that the route is there and guarded.
 */
function guardedEndpoint(world: World, place: Place): Endpoint {
  const outside = addressEndpoint(world, place, undefined, [403, 404, 500, 503]);
  const inside = invokeEndpoint(world, place.name, place.alias);
  return {
    url: place.url,
    maxBytes: lambdaBytes,
    send: async (path, options) => {
      const { status } = await outside.send(path, { ...options, json: undefined });
      if (status !== 401) throw new Error(`it answers ${status} to a caller without a token, expected 401`);
      return inside.send(path, options);
    },
  };
}

async function signature(
  world: World,
  service: Signing,
  url: string,
  { json }: CallOptions,
): Promise<Record<string, string>> {
  if (service === undefined) return {};
  const post = json !== undefined;
  const signer = new AwsV4Signer({
    ...(await world.calls.credentials()),
    url,
    method: post ? 'POST' : 'GET',
    ...(post && { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }),
    service,
    region: world.settings.region,
  } as ConstructorParameters<typeof AwsV4Signer>[0]);
  const { headers } = await signer.sign();
  return Object.fromEntries(headers.entries());
}

function refusedUrl(url: string, signing: Signing, answer: Answer): ColdgateError {
  const action = signing === 'execute-api' ? 'execute-api:Invoke' : 'lambda:InvokeFunctionUrl';
  const rights = signing === 'execute-api' ? action : 'lambda:InvokeFunctionUrl and lambda:InvokeFunction';
  const hint = signing
    ? `Allow ${rights} on the function to the role that this step runs as.`
    : 'Look whether an organisation policy forbids public function URLs; auth: iam needs none.';
  return new ColdgateError('permission-denied', exitCodes.denied, `AWS does not allow ${action} on ${url}.`, {
    hint,
    data: { action, resource: url, answer: answer.body },
  });
}

/** A version or alias by Lambda's own call: needs no address, and brings the log's end along. */
export function invokeEndpoint(world: World, name: string, qualifier: string): Endpoint {
  return {
    url: `${name}:${qualifier}`,
    maxBytes: lambdaBytes,
    send: async (path, options) => answerOf(await invoke(world, { name, qualifier }, path, options)),
  };
}

export interface Invoked {
  output: InvokeCommandOutput;
  /** What the function returned, or its error. */
  payload: unknown;
}

/** Calls the function with the event of a function URL. Throws CallTimeout, and ColdgateError where Lambda refuses. */
export async function invoke(
  world: World,
  { name, qualifier }: { name: string; qualifier: string },
  path: string,
  { timeoutMs, signal, json }: CallOptions,
): Promise<Invoked> {
  const late = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)));
  const stop = AbortSignal.any([late, world.signal, ...(signal ? [signal] : [])]);
  try {
    const output = await world.calls.once(
      new InvokeCommand({
        FunctionName: name,
        Qualifier: qualifier,
        LogType: 'Tail',
        Payload: Buffer.from(JSON.stringify(eventOf(path, json))),
      }),
      stop,
    );
    return { output, payload: JSON.parse(Buffer.from(output.Payload ?? []).toString('utf8') || 'null') };
  } catch (error) {
    world.signal.throwIfAborted();
    signal?.throwIfAborted();
    if (late.aborted) throw new CallTimeout(`no answer within ${Math.round(timeoutMs)} ms`);
    throw toRefusal(error);
  }
}

/** An event of payload 2.0. https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
function eventOf(path: string, json: unknown): object {
  const [rawPath, rawQueryString = ''] = path.split('?');
  const method = json === undefined ? 'GET' : 'POST';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: { accept: 'application/json', ...(json !== undefined && { 'content-type': 'application/json' }) },
    requestContext: { stage: '$default', http: { method, path: rawPath } },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    isBase64Encoded: false,
  };
}

interface FunctionReply {
  statusCode?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** The reply of payload 2.0 as an answer. Throws Error with the function's own error where it failed. */
export function answerOf({ output, payload }: Invoked): Answer {
  if (output.FunctionError) throw new Error(functionError(payload));
  const { statusCode = 0, headers = {}, body = '' } = (payload ?? {}) as FunctionReply;
  return { status: statusCode, headers, body: parsed(body) };
}

function functionError(payload: unknown): string {
  const { errorType = 'an error', errorMessage = '' } = (payload ?? {}) as Record<string, string>;
  return `the function failed with ${errorType}: ${errorMessage}`.slice(0, 500);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
