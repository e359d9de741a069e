import { handlerOperations, type Methods, operationId, parametersOf } from '../handler-operations.ts';

/** The rules of a gateway in front of one service, as in its OpenAPI document. */
export interface GatewayRules {
  /** Title of the API: the function's name. */
  title: string;
  /** Address of the service: `https://….run.app`. */
  address: string;
  auth: GatewayAuth;
  /** Requests a minute of one consumer project; unlimited without it. */
  quotaPerMinute: number | undefined;
  /** How long the gateway waits for an answer, s. */
  deadline: number;
  /** Whether preflight requests reach the function, which answers them. */
  cors: boolean;
}

/** What a caller must present. Without `audiences` the address of the API's managed service is the only one accepted. */
export type GatewayAuth =
  | { kind: 'none' }
  | { kind: 'api-key' }
  | { kind: 'token'; issuer: string; jwksUri?: string | undefined; audiences?: readonly string[] | undefined };

type Fields = Record<string, unknown>;

/** Path that only this document has: a response there shows that the gateway serves this document. */
export const probePath = (digest: string): string => `/coldgate/${digest}`;

/** Name of the metric, and of its limit. They count for the API as a whole, so every document declares the same two. */
const metric = 'requests';
const unlimited = 10_000_000;

/**
 * The document of the API: paths and rules, and no schemas. API Gateway does not look at bodies, so schemas would only
 * demand a new config, which takes minutes, for each model version of other shapes; the function itself serves them at
 * /v1/openapi.json. It has no `servers` either: API Gateway takes their path for a base path. Pure.
 * https://cloud.google.com/api-gateway/docs/oasv3-extensions
 */
export function gatewayDocument(rules: GatewayRules, digest = ''): Fields {
  const { title, auth } = rules;
  const paths = Object.entries(handlerOperations).map(([path, methods]) => [path, pathItem(path, methods, rules)]);
  const probe = digest === '' ? [] : [[probePath(digest), probeItem(auth)]];
  return {
    openapi: '3.1.0',
    info: { title, version: '1', description: 'Made by Coldgate. The schemas of the model are at /v1/openapi.json.' },
    'x-google-api-management': management(rules),
    'x-google-backend': 'function',
    ...(auth.kind !== 'none' && {
      components: { securitySchemes: { caller: securityScheme(auth) } },
      security: [{ caller: [] }],
    }),
    paths: Object.fromEntries([...paths, ...probe]),
  };
}

const responses: Fields = { default: { description: 'As the function answers.' } };

function pathItem(path: string, methods: Methods, { cors, quotaPerMinute }: GatewayRules): Fields {
  const parameters = parametersOf(path);
  const counted = quotaPerMinute !== undefined && { 'x-google-quota': { metricCosts: { [metric]: 1 } } };
  const operations = Object.entries(methods).map(([method, summary]) => [
    method,
    { operationId: operationId(method, path), summary, ...counted, responses },
  ]);
  // A preflight request carries no credentials.
  const preflight = { operationId: operationId('options', path), summary: 'preflight', security: [], responses };
  return {
    ...(parameters.length > 0 && { parameters }),
    ...Object.fromEntries(operations),
    ...(cors && { options: preflight }),
  };
}

/** Guarded as everything else is: a caller without credentials is turned away before the function is reached. */
const probeItem = ({ kind }: GatewayAuth): Fields => ({
  get: {
    operationId: 'gateway_config',
    summary: kind === 'none' ? 'health, under the name of this config' : 'shows that this config is served',
    'x-google-backend': 'health',
    responses,
  },
});

/** The gateway presents an ID token of its own account to the service; a deadline that is not written is 15 s. */
function management({ address, deadline, quotaPerMinute }: GatewayRules): Fields {
  const backend = { jwtAudience: address, deadline, protocol: 'http/1.1' };
  return {
    backends: {
      function: { address, ...backend, pathTranslation: 'APPEND_PATH_TO_ADDRESS' },
      health: { address: `${address}/v1/health`, ...backend, pathTranslation: 'CONSTANT_ADDRESS' },
    },
    metrics: { [metric]: { displayName: 'Requests' } },
    quota: { limits: { 'requests-per-minute': { metric, values: quotaPerMinute ?? unlimited } } },
  };
}

function securityScheme(auth: Exclude<GatewayAuth, { kind: 'none' }>): Fields {
  if (auth.kind === 'api-key') return { type: 'apiKey', in: 'header', name: 'x-api-key' };
  const { issuer, jwksUri, audiences } = auth;
  return {
    type: 'openIdConnect',
    openIdConnectUrl: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
    'x-google-auth': { issuer, ...(jwksUri && { jwksUri }), ...(audiences && { audiences }) },
  };
}
