import type { HandlerReply } from '../../contracts/handler.ts';

/** A function URL event of payload 2.0, as AWS documents it; bytes and unknown types come as base64. */
export function lambdaEvent(
  method: string,
  url: string,
  headers: Record<string, string> = {},
  body?: Uint8Array | string,
): object {
  const [rawPath, rawQueryString = ''] = url.split('?');
  const encoded = body !== undefined && typeof body !== 'string';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString,
    headers: { host: 'x.lambda-url.eu-west-1.on.aws', ...headers },
    requestContext: {
      requestId: 'gateway-1',
      stage: '$default',
      domainName: 'x.lambda-url.eu-west-1.on.aws',
      http: { method, path: rawPath },
    },
    ...(body !== undefined && { body: encoded ? Buffer.from(body).toString('base64') : body }),
    isBase64Encoded: encoded,
  };
}

/** What AWS makes of a reply of payload 2.0. */
export function fromLambdaReply(reply: unknown): HandlerReply {
  const { statusCode, headers, body, isBase64Encoded } = reply as {
    statusCode: number;
    headers: Record<string, string>;
    body: string;
    isBase64Encoded: boolean;
  };
  return { status: statusCode, headers, body: Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8') };
}

const joined = (headers: Record<string, string>): Record<string, string[]> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));

/** The query with every value in lists, and the last of each alone, as payload 1.0 has both. */
function queryOf(pairs: [string, string][]): object {
  if (pairs.length === 0) return { queryStringParameters: null, multiValueQueryStringParameters: null };
  const many: Record<string, string[]> = {};
  for (const [name, value] of pairs) many[name] = [...(many[name] ?? []), value];
  return { queryStringParameters: Object.fromEntries(pairs), multiValueQueryStringParameters: many };
}

export interface RestPlace {
  resource: string;
  stage: string;
  /** The value of the API key, which API Gateway passes on. */
  apiKey?: string | undefined;
}

/** An event of a REST API with binary media types of any kind: every body comes as base64, names and values are decoded. */
export function restEvent(
  method: string,
  url: string,
  headers: Record<string, string> = {},
  body?: Uint8Array | string,
  { resource, stage, apiKey }: RestPlace = { resource: '/v1/{proxy+}', stage: 'live' },
): object {
  const [path = '', query = ''] = url.split('?');
  const start = resource.replace('{proxy+}', '');
  const isProxied = start !== resource;
  const isOurs = path.startsWith(start);
  const all = { host: 'x.execute-api.eu-west-1.amazonaws.com', ...headers };
  return {
    ...{ resource: isOurs ? resource : '/{proxy+}', path, httpMethod: method, headers: all },
    multiValueHeaders: joined(all),
    ...queryOf([...new URLSearchParams(query)]),
    pathParameters: isProxied ? { proxy: isOurs ? path.slice(start.length) : path.slice(1) } : null,
    stageVariables: null,
    requestContext: {
      ...{ resourcePath: resource, httpMethod: method, path: `/${stage}${path}`, stage, requestId: 'gateway-1' },
      identity: { sourceIp: '127.0.0.1', apiKey: apiKey ?? null, apiKeyId: apiKey === undefined ? null : 'key1' },
    },
    body: body === undefined ? null : Buffer.from(body).toString('base64'),
    isBase64Encoded: body !== undefined,
  };
}

/** A load balancer's: the query as it came, headers in one of two forms. */
export function balancerEvent(
  method: string,
  url: string,
  { headers = {}, body, many = false }: { headers?: Record<string, string>; body?: string; many?: boolean } = {},
): object {
  const [path, query = ''] = url.split('?');
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('=') as [string, string]);
  const { queryStringParameters, multiValueQueryStringParameters } = queryOf(pairs) as Record<string, object>;
  return {
    requestContext: { elb: { targetGroupArn: 'arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/d/1' } },
    ...{ httpMethod: method, path, body: body ?? '', isBase64Encoded: false },
    ...(many
      ? { multiValueHeaders: joined(headers), multiValueQueryStringParameters }
      : { headers, queryStringParameters }),
  };
}

/** What a REST API makes of a reply: 502 where it has a member that payload 1.0 does not know, or is none. */
export function fromRestReply(reply: unknown): HandlerReply {
  const known = ['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded'];
  const isReply = typeof reply === 'object' && reply !== null && Object.keys(reply).every((key) => known.includes(key));
  if (isReply && typeof (reply as { statusCode?: unknown }).statusCode === 'number') return fromLambdaReply(reply);
  const body = Buffer.from('{"message": "Internal server error"}');
  return { status: 502, headers: { 'content-type': 'application/json' }, body };
}
