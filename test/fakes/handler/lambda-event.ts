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
