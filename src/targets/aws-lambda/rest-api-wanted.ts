import { createHash } from 'node:crypto';
import type { AwsLambdaSettings } from '../../config/schema/aws-lambda.ts';
import { cachedPaths, type OfFunction, restDocument, takesKeys } from './rest-api-document.ts';

type RestSettings = NonNullable<AwsLambdaSettings['restApi']>;

/** A change as API Gateway takes them: of one value, by its path. */
export interface PatchOperation {
  op: 'add' | 'remove' | 'replace';
  path: string;
  value?: string;
}

export interface WantedPlan {
  /** With the function's name before it. */
  name: string;
  throttle: { rateLimit: number; burstLimit: number } | undefined;
  quota: { limit: number; period: string } | undefined;
  keys: { name: string; valueFrom?: string | undefined }[];
}

/** What a REST API is made of. */
export interface WantedRestApi {
  document: Record<string, unknown>;
  /** Of the document: names the deployment that was made of it. */
  documentDigest: string;
  stage: string;
  stageSettings: PatchOperation[];
  cache: RestSettings['cache'];
  plans: WantedPlan[];
  webAcl: string | undefined;
  domain: (NonNullable<RestSettings['domain']> & { path: string }) | undefined;
  tags: Record<string, string>;
  /** Of all of the above and of who else may invoke the alias: an API that carries it needs no further check. */
  digest: string;
}

/** What an account has unless it asked for more; what a stage goes back to when `throttle` goes from models.yaml. */
const accountThrottle = { rate: 10_000, burst: 5000 };

/** The settings with what they are by default. */
export const restSettings = ({ restApi }: AwsLambdaSettings): RestSettings => ({
  ...{ stage: 'live', plans: [] },
  ...restApi,
});

/** Name of the key, and of its plan, by which releases are proven: without limits of its own, those of the stage hold. */
export const proofName = (name: string): string => `${name}-coldgate`;

const digestOf = (value: unknown): string => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** Everything of the API as the settings have it. Pure. @param cors origins of `handler.cors` */
export function wantedRestApi(settings: AwsLambdaSettings, state: OfFunction, cors: readonly string[]): WantedRestApi {
  const rest = restSettings(settings);
  const document = restDocument(settings, state, cors.length > 0);
  const wanted = {
    document,
    documentDigest: digestOf(document).slice(0, 32),
    stage: rest.stage,
    stageSettings: stageSettings(settings),
    cache: rest.cache,
    plans: takesKeys(settings) ? plansOf(rest, state.name) : [],
    webAcl: rest.webAcl,
    domain: rest.domain && { ...rest.domain, path: rest.domain.path ?? state.name },
    tags: settings.tags ?? {},
  };
  return { ...wanted, digest: digestOf([wanted, settings.batch?.bucket]) };
}

function plansOf({ plans }: RestSettings, name: string): WantedPlan[] {
  const own = proofName(name);
  return [
    { name: own, throttle: undefined, quota: undefined, keys: [{ name: own }] },
    ...plans.map((plan) => ({
      name: `${name}-${plan.name}`,
      throttle: { rateLimit: plan.rate, burstLimit: plan.burst },
      quota: plan.quota && { limit: plan.quota.limit, period: plan.quota.period.toUpperCase() },
      keys: plan.keys.map((key) => ({ ...key, name: `${name}-${key.name}` })),
    })),
  ];
}

const replace = (path: string, value: string | number | boolean): PatchOperation => ({
  ...{ op: 'replace', path },
  value: String(value),
});

/** https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch */
function stageSettings(settings: AwsLambdaSettings): PatchOperation[] {
  const { throttle = accountThrottle, tracing } = settings;
  const { cache } = restSettings(settings);
  // A slash of a path is written ~1.
  const methods = cachedPaths.map((path) => `/${path.replaceAll('/', '~1')}/GET/caching`);
  return [
    replace('/tracingEnabled', tracing),
    replace('/*/*/throttling/rateLimit', throttle.rate),
    replace('/*/*/throttling/burstLimit', throttle.burst),
    replace('/*/*/caching/enabled', false),
    replace('/cacheClusterEnabled', cache !== undefined),
    ...(cache ? [replace('/cacheClusterSize', cache.size)] : []),
    ...methods.flatMap((method) => [
      replace(`${method}/enabled`, cache !== undefined),
      ...(cache ? [replace(`${method}/ttlInSeconds`, cache.seconds)] : []),
      // Callers must not pay for, or drop, what others are answered from.
      ...(cache ? [replace(`${method}/requireAuthorizationForCacheControl`, true)] : []),
      ...(cache
        ? [replace(`${method}/unauthorizedCacheControlHeaderStrategy`, 'SUCCEED_WITHOUT_RESPONSE_HEADER')]
        : []),
    ]),
  ];
}
