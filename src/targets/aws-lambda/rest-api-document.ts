import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';

/** Longest that a REST API waits for a function, s: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html */
export const longestSeconds = 29;

/** Paths of the function; where another resource begins as these do, `{proxy+}` is not looked for above it. */
const paths = ['/v1/{proxy+}', '/v1/models', '/v1/models/{proxy+}', '/v1/openapi.json', '/v2', '/v2/{proxy+}'];
/** What is the same for every caller, until the next version is live. */
export const cachedPaths = ['/v1/models', '/v1/openapi.json'];
/** Headers that change those answers. */
const cacheHeaders = ['Accept-Encoding', 'Origin'];

type Json = Record<string, unknown>;

/** The function that an API is of. */
export interface OfFunction {
  arn: string;
  name: string;
}

/** Whether callers reach the API by their domain alone, because they must present a certificate there. */
export const isClosed = ({ restApi }: AwsLambdaSettings): boolean => restApi?.domain?.trustStore !== undefined;

/** Whether every call needs an API key. */
export const takesKeys = ({ restApi }: AwsLambdaSettings): boolean => (restApi?.plans.length ?? 0) > 0;

/**
 * The API in OpenAPI 3.0.1, which API Gateway imports: every path and body goes to the function as it is, and every answer
 * comes back so. The model's own document is not in it: API Gateway takes neither its version of OpenAPI nor its schemas.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
 * @param hasOrigins whether browsers may call, whose preflights carry neither key nor signature
 */
export function restDocument(settings: AwsLambdaSettings, { arn, name }: OfFunction, hasOrigins: boolean): Json {
  const [, partition, , region] = arn.split(':');
  const target = `${arn}:${settings.alias}`;
  const uri = `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${target}/invocations`;
  const integration = { type: 'aws_proxy', httpMethod: 'POST', uri, timeoutInMillis: longestSeconds * 1000 };
  const security = [
    ...(settings.auth === 'iam' ? [{ sigv4: [] }] : []),
    ...(takesKeys(settings) ? [{ api_key: [] }] : []),
  ];
  const pathOf = (path: string): Json => {
    const parameters = path.endsWith('{proxy+}') ? [textParameter('proxy', 'path')] : [];
    const plain = { parameters, responses: anyAnswer, 'x-amazon-apigateway-integration': integration };
    const guarded = security.length > 0 ? { ...plain, security: [Object.assign({}, ...security)] } : plain;
    return {
      'x-amazon-apigateway-any-method': guarded,
      ...(cachedPaths.includes(path) && { get: cachedOperation(guarded, path) }),
      ...(hasOrigins && { options: plain }),
    };
  };
  return {
    openapi: '3.0.1',
    info: { title: name, version: '1', description: `${name}, made by Coldgate.` },
    paths: Object.fromEntries(paths.map((path) => [path, pathOf(path)])),
    components: { securitySchemes: { api_key: keyScheme, sigv4: signatureScheme } },
    'x-amazon-apigateway-api-key-source': 'HEADER',
    'x-amazon-apigateway-binary-media-types': ['*/*'],
    'x-amazon-apigateway-endpoint-configuration': { disableExecuteApiEndpoint: isClosed(settings) },
  };
}

/** OpenAPI demands one at least; a proxy answers what the function does. */
const anyAnswer = { 200: { description: 'What the function answers.' } };

const keyScheme = { type: 'apiKey', name: 'x-api-key', in: 'header' };
const signatureScheme = {
  ...{ type: 'apiKey', name: 'Authorization', in: 'header' },
  'x-amazon-apigateway-authtype': 'awsSigv4',
};

const textParameter = (name: string, place: 'path' | 'header'): Json => ({
  ...{ name, in: place, required: place === 'path' },
  schema: { type: 'string' },
});

/** What is kept is kept by path alone, unless further parameters are named. */
function cachedOperation(operation: Json, path: string): Json {
  return {
    ...operation,
    parameters: cacheHeaders.map((name) => textParameter(name, 'header')),
    'x-amazon-apigateway-integration': {
      ...(operation['x-amazon-apigateway-integration'] as Json),
      cacheNamespace: path.slice(1).replaceAll(/\W/g, ''),
      cacheKeyParameters: cacheHeaders.map((name) => `method.request.header.${name}`),
    },
  };
}
