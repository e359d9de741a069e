import type { App } from '../../http/app.ts';
import type { HttpEvent, ProxyEvent } from './event.ts';
import { answersWithin, toAppRequest, toHttpReply } from './http.ts';

/** Any other member makes API Gateway answer 502 in place of the function. */
type ProxyReply = {
  statusCode: number;
  body: string;
  isBase64Encoded: boolean;
} & ({ headers: Record<string, string> } | { multiValueHeaders: Record<string, string[]> });

/**
 * Most that a load balancer takes of a function:
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
 */
const balancerAnswers = answersWithin(1_000_000, 'a load balancer takes of a Lambda function.');

/** Answers an event of payload 1.0, in the form in which the headers of the request came. */
export async function answerProxy(
  app: App,
  event: ProxyEvent,
  requestId: string | undefined,
  xray: string | undefined,
): Promise<ProxyReply> {
  const ofBalancer = event.requestContext.elb !== undefined;
  const request = toAppRequest(toHttpEvent(event), requestId, xray, ofBalancer ? balancerAnswers : undefined);
  const response = await app.handle(ofBalancer && isHealthCheck(event) ? { ...request, ...healthCheck } : request);
  const { headers, ...reply } = toHttpReply(response, request.method);
  // Both forms at once are refused by some load balancers, and one alone is what they ask for.
  if (!ofBalancer || !event.multiValueHeaders) return { ...reply, headers };
  return { ...reply, multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([k, v]) => [k, [v]])) };
}

/** A target group asks for a path of its own; the function only has to be alive, and each line of the log costs. */
const healthCheck = { method: 'GET', url: '/v1/health', quiet: true } as const;

const isHealthCheck = (event: ProxyEvent): boolean =>
  headersOf(event)['user-agent']?.startsWith('ELB-HealthChecker/') === true;

function toHttpEvent(event: ProxyEvent): HttpEvent {
  const { httpMethod: method, body, isBase64Encoded = false, requestContext } = event;
  const { requestId } = requestContext;
  return {
    version: '2.0',
    rawPath: pathOf(event),
    rawQueryString: queryOf(event),
    headers: headersOf(event),
    ...(body && { body }),
    isBase64Encoded,
    requestContext: { http: { method }, ...(requestId !== undefined && { requestId }) },
  };
}

/** By lower-case name; repeated ones joined. */
function headersOf({ headers, multiValueHeaders }: ProxyEvent): Record<string, string> {
  const repeated = Object.entries(multiValueHeaders ?? {}).map(([name, values]): [string, string] => [
    name.toLowerCase(),
    values.join(name.toLowerCase() === 'cookie' ? '; ' : ', '),
  ]);
  if (repeated.length > 0) return Object.fromEntries(repeated);
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
}

/**
 * The path as routes know it. That of the event begins with the stage of an HTTP API, or with what a custom domain maps to
 * the API; the resource and what its `{proxy+}` stands for have neither.
 */
function pathOf({ path, resource, pathParameters }: ProxyEvent): string {
  const rest = pathParameters?.['proxy'];
  if (resource?.endsWith('/{proxy+}') && rest !== undefined) return resource.replace('{proxy+}', rest);
  return resource?.startsWith('/') && !resource.includes('{') ? resource : path;
}

/** API Gateway decodes names and values, a load balancer passes them on as they came. */
function queryOf(event: ProxyEvent): string {
  const { multiValueQueryStringParameters: many, queryStringParameters: one } = event;
  const pairs = many
    ? Object.entries(many).flatMap(([name, values]) => values.map((value) => [name, value]))
    : Object.entries(one ?? {});
  const write = event.requestContext.elb === undefined ? encodeURIComponent : (text: string) => text;
  return pairs.map(([name = '', value = '']) => `${write(name)}=${write(value)}`).join('&');
}
