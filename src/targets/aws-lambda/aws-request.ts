import { AwsV4Signer } from 'aws4fetch';
import { type ApiAnswer, type ApiRequest, sendApiRequest } from '../../api-request.ts';
import type { LambdaContext } from './context.ts';
import type { RequestContext } from './refusal.ts';

/** A call of a service of which too little is used for a client of its own. */
export interface AwsRequest {
  service: 'apigateway' | 'wafv2';
  method: ApiRequest['method'];
  /** Path and query, encoded. */
  path: string;
  json?: unknown;
  headers?: Record<string, string>;
  /** What an error names where the service does not name the refused action. */
  asked?: RequestContext;
}

const variables = { apigateway: 'AWS_ENDPOINT_URL_API_GATEWAY', wafv2: 'AWS_ENDPOINT_URL_WAFV2' } as const;

/** Top domain of a region's services. */
export const suffixOf = (region: string): string => (region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com');

/** Where a service is asked, without a slash at the end; as the SDK's clients read it from the environment. */
export function endpointOf({ settings, env = {} }: LambdaContext, service: AwsRequest['service']): string {
  const given = env[variables[service]] || env['AWS_ENDPOINT_URL'];
  const endpoint = given || `https://${service}.${settings.region}.${suffixOf(settings.region)}`;
  return endpoint.replace(/\/+$/, '');
}

/**
 * Sends a signed request and returns its answer's JSON, with the retries and the errors of `calls.withRetry`. Calls go one
 * after the other, which the ten a second that API Gateway's control plane takes allow.
 */
export function askAws<T>(context: LambdaContext, request: AwsRequest): Promise<T> {
  return context.calls.withRetry(async ({ abortSignal }) => {
    const answer = await send(context, request, abortSignal);
    if (!answer.ok) throw faultOf(answer);
    return (answer.text === '' ? {} : JSON.parse(answer.text)) as T;
  }, request.asked);
}

async function send(context: LambdaContext, request: AwsRequest, signal: AbortSignal): Promise<ApiAnswer> {
  const { service, method, path, json } = request;
  const url = `${endpointOf(context, service)}${path}`;
  const body = json === undefined ? undefined : JSON.stringify(json);
  const headers = { ...(body !== undefined && { 'content-type': 'application/json' }), ...request.headers };
  const signer = new AwsV4Signer({
    ...(await context.calls.credentials()),
    ...{ url, method, headers, service, region: context.settings.region },
    ...(body !== undefined && { body }),
  } as ConstructorParameters<typeof AwsV4Signer>[0]);
  const { headers: signed } = await signer.sign();
  const bytes = body === undefined ? {} : { bytes: Buffer.from(body) };
  try {
    return await sendApiRequest({ method, url, headers: Object.fromEntries(signed.entries()), ...bytes, signal });
  } catch (error) {
    signal.throwIfAborted();
    // What lies below `fetch failed` says whether another attempt may help.
    const { cause } = error as { cause?: Error & { code?: string } };
    if (!(cause instanceof Error)) throw error;
    const code = cause.code?.startsWith('UND_ERR_') ? 'ECONNRESET' : cause.code;
    throw Object.assign(new Error(cause.message, { cause }), { code });
  }
}

/** An error as the SDK's clients throw it. */
function faultOf({ status, headers, text }: ApiAnswer): Error {
  const { message, Message, __type: type } = parsed(text);
  const name = String(headers.get('x-amzn-errortype') ?? type ?? `HTTP ${status}`);
  return Object.assign(new Error(String(message ?? Message ?? `HTTP ${status}`)), {
    name: name.split(':')[0]?.split('#').at(-1) ?? name,
    $metadata: { httpStatusCode: status },
    $response: { headers: { 'retry-after': headers.get('retry-after') ?? '' } },
  });
}

function parsed(text: string): Record<string, unknown> {
  try {
    return (JSON.parse(text) ?? {}) as Record<string, unknown>;
  } catch {
    return {};
  }
}
