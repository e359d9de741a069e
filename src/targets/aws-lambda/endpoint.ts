import { AwsV4Signer } from 'aws4fetch';
import { isOpenUrl } from '../../config/schema/aws-lambda.ts';
import { ColdgateError, exitCodes } from '../../errors.ts';
import { pause } from '../../pause.ts';
import { type Answer, type CallOptions, call } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';
import type { LambdaContext } from './context.ts';
import { answerOf, invoke } from './invoke.ts';
import { wayTo } from './names.ts';

/** How long a new address may refuse calls until AWS knows of it everywhere, ms. */
const settlingMs = 60_000;
const betweenMs = 500;

/**
 * Largest body of JSON that reaches a function: an event of 6 MB, in which quotes are escaped once more, and headers.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const lambdaBytes = Math.floor((6 * 1024 * 1024 - 4096) / 1.02);

/** Where an alias answers. */
export interface FunctionUrl {
  name: string;
  alias: string;
  url: string;
  /** Whether that was changed now: refusals are then borne with for a while. */
  changed: boolean;
}

/** How callers reach an alias, and so how it is proven; signed where its address asks for that. */
export function endpointAt(context: LambdaContext, place: FunctionUrl): Endpoint {
  const way = wayTo(context.settings, place.alias);
  if (way === 'none') return invokeEndpoint(context, place.name, place.alias);
  if (way === 'http-api' && context.settings.auth === 'jwt') return guardedEndpoint(context, place);
  const isOpen = way === 'function-url' ? isOpenUrl(context.settings) : context.settings.auth === 'none';
  const signing = isOpen ? undefined : way === 'http-api' ? 'execute-api' : 'lambda';
  // What a gateway answers until it has heard of a new route, stage or permission.
  const early = way === 'http-api' ? [403, 404, 500, 503] : [403];
  return addressEndpoint(context, place, signing, early);
}

type Signing = 'lambda' | 'execute-api' | undefined;

function addressEndpoint(
  context: LambdaContext,
  { url, changed }: FunctionUrl,
  signing: Signing,
  early: readonly number[],
): Endpoint {
  return {
    url,
    maxBytes: lambdaBytes,
    send: async (path, options) => {
      const until = performance.now() + (changed ? settlingMs : 0);
      for (;;) {
        const answer = await call(`${url}${path}`, {
          ...options,
          headers: await signature(context, signing, url + path, options),
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
function guardedEndpoint(context: LambdaContext, place: FunctionUrl): Endpoint {
  const outside = addressEndpoint(context, place, undefined, [403, 404, 500, 503]);
  const inside = invokeEndpoint(context, place.name, place.alias);
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

export async function signature(
  context: LambdaContext,
  service: Signing,
  url: string,
  { json }: CallOptions,
): Promise<Record<string, string>> {
  if (service === undefined) return {};
  const post = json !== undefined;
  const signer = new AwsV4Signer({
    ...(await context.calls.credentials()),
    url,
    method: post ? 'POST' : 'GET',
    ...(post && { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } }),
    service,
    region: context.settings.region,
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
export function invokeEndpoint(context: LambdaContext, name: string, qualifier: string): Endpoint {
  return {
    url: `${name}:${qualifier}`,
    maxBytes: lambdaBytes,
    send: async (path, options) => answerOf(await invoke(context, { name, qualifier }, path, options)),
  };
}
