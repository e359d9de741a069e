import { randomBytes } from 'node:crypto';
import { ServiceError } from './service-error.ts';
import type { Fields } from './state.ts';

export const missing = (what: string): ServiceError =>
  new ServiceError('NotFoundException', 404, `Invalid ${what} identifier specified`);
export const bad = (message: string): ServiceError => new ServiceError('BadRequestException', 400, message);
export const taken = (message: string): ServiceError => new ServiceError('ConflictException', 409, message);

export interface Operation {
  paths: Record<string, Record<string, Fields>>;
}

/** What a stage serves: a copy of the API as it was when it was deployed. */
export interface Deployment {
  fields: Fields;
  document: Fields & Operation;
  closed: boolean;
}

export interface Stage {
  fields: Fields & { stageName: string; deploymentId: string };
  /** By `/path/METHOD`, `*` for all. */
  methods: Map<string, Record<string, string>>;
  /** What was kept, by path and parameters. */
  cache: Map<string, { until: number; reply: unknown }>;
}

export interface RestApiState {
  fields: Fields & { id: string; tags: Record<string, string> };
  document: (Fields & Operation) | undefined;
  deployments: Map<string, Deployment>;
  stages: Map<string, Stage>;
}

export interface PlanState {
  fields: Fields & { id: string; apiStages: { apiId: string; stage: string }[] };
  /** Ids of keys. */
  keys: Set<string>;
}

export interface KeyState {
  fields: Fields & { id: string; name: string; value: string };
  /** Requests until the key is known to the gateway. */
  unknownFor: number;
}

export interface DomainState {
  fields: Fields & { domainName: string };
  /** By base path. */
  mappings: Map<string, Fields>;
}

export const newId = (): string => randomBytes(5).toString('hex');

interface Patch {
  op: string;
  path: string;
  value?: string;
}

/** The operations of a PATCH; each value is text. Throws ServiceError. */
export const patchesOf = (body: Fields): Patch[] =>
  ((body['patchOperations'] ?? []) as Patch[]).map((patch) => {
    if (patch.op !== 'remove' && patch.value === undefined) throw bad(`Invalid patch operation ${patch.path}`);
    return patch;
  });

const flags = /^(?:true|false)$/;
/** https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch */
const methodSettings: Record<string, RegExp> = {
  'throttling/rateLimit': /^\d+(?:\.\d+)?$/,
  'throttling/burstLimit': /^\d+$/,
  'caching/enabled': flags,
  'caching/ttlInSeconds': /^(?:[0-9]{1,3}|[12]\d{3}|3[0-5]\d{2}|3600)$/,
  'caching/requireAuthorizationForCacheControl': flags,
  'caching/unauthorizedCacheControlHeaderStrategy':
    /^(?:FAIL_WITH_403|SUCCEED_WITH_RESPONSE_HEADER|SUCCEED_WITHOUT_RESPONSE_HEADER)$/,
};
const ofStage: Record<string, RegExp> = {
  tracingEnabled: flags,
  cacheClusterEnabled: flags,
  cacheClusterSize: /^(?:0\.5|1\.6|6\.1|13\.5|28\.4|58\.2|118|237)$/,
  deploymentId: /./,
};

/** Changes a stage. Throws ServiceError for a path or a value that API Gateway does not take. */
export function patchStage(api: RestApiState, stage: Stage, body: Fields): void {
  for (const { op, path, value = '' } of patchesOf(body)) {
    if (op !== 'replace') throw bad(`Invalid patch operation ${op} ${path}`);
    const own = ofStage[path.slice(1)];
    const [, resource = '', method = '', setting = ''] = /^\/([^/]+)\/([^/]+)\/(.+)$/.exec(path) ?? [];
    if (!(own ?? methodSettings[setting])?.test(value)) throw bad(`Invalid value ${value} of ${path}`);
    if (path === '/deploymentId' && !api.deployments.has(value)) throw bad('Invalid Deployment identifier specified');
    if (own) {
      stage.fields[path.slice(1) as 'deploymentId'] = (flags.test(value) ? value === 'true' : value) as never;
      continue;
    }
    const key = `${resource.replaceAll('~1', '/')}/${method}`;
    if (resource !== '*' && !hasMethod(api, stage, resource.replaceAll('~1', '/'), method))
      throw bad(`Invalid method setting path: ${path}`);
    stage.methods.set(key, { ...stage.methods.get(key), [setting]: value });
  }
}

function hasMethod(api: RestApiState, stage: Stage, path: string, method: string): boolean {
  const paths = api.deployments.get(stage.fields.deploymentId)?.document.paths ?? {};
  return paths[path]?.[method.toLowerCase()] !== undefined;
}

/** What API Gateway would not import. Throws ServiceError. */
export function checkDocument(document: Fields & Operation, bytes: number): void {
  if (!/^3\.0\./.test(String(document['openapi']))) throw bad('Unable to import REST API: expected OpenAPI 2.0 or 3.0');
  const info = document['info'] as Fields | undefined;
  if (!info?.['title'] || !info['version']) throw bad('Unable to import REST API: info.title and info.version');
  if (bytes > 6 * 1024 * 1024) throw bad('The document is larger than 6 MB');
  const { securitySchemes = {} } = (document['components'] ?? {}) as { securitySchemes?: Fields };
  const operations = Object.values(document.paths ?? {}).flatMap((path) => Object.entries(path));
  if (operations.length === 0) throw bad("The REST API doesn't contain any methods");
  for (const [method, operation] of operations) {
    if (!/^(?:get|put|post|delete|options|head|patch|x-amazon-apigateway-any-method)$/.test(method))
      throw bad(`no method ${method}`);
    const integration = operation['x-amazon-apigateway-integration'] as Fields | undefined;
    const uri = /^arn:aws:apigateway:[a-z0-9-]+:lambda:path\/2015-03-31\/functions\/arn:aws:lambda:[^/]+\/invocations$/;
    const isProxy = integration?.['type'] === 'aws_proxy' && integration['httpMethod'] === 'POST';
    if (!isProxy || !uri.test(String(integration['uri']))) throw bad('Invalid integration');
    const limit = Number(integration['timeoutInMillis'] ?? 29_000);
    if (limit < 50 || limit > 29_000) throw bad('Timeout should be between 50 ms and 29000 ms');
    const headers = ((operation['parameters'] ?? []) as Fields[]).filter((one) => one['in'] === 'header');
    for (const key of (integration['cacheKeyParameters'] ?? []) as string[]) {
      if (!headers.some((one) => key === `method.request.header.${String(one['name'])}`))
        throw bad(`Invalid cache key parameter specified: ${key}`);
    }
    for (const scheme of ((operation['security'] ?? []) as Fields[]).flatMap(Object.keys)) {
      if (!(scheme in securitySchemes)) throw bad(`Unable to find security scheme ${scheme}`);
    }
  }
}
