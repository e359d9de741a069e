import { fromRestReply, restEvent } from '../fakes/handler/lambda-event.ts';
import type { DataPlane, Reply } from './data-plane.ts';
import type { RestApis } from './rest-apis.ts';
import type { KeyState, PlanState, RestApiState, Stage } from './rest-state.ts';
import { type Account, account as accountId, type Fields, region } from './state.ts';

interface Request {
  method: string;
  path: string;
  headers: Fields;
  body: Buffer;
}

const refusal = (status: number, message: string): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ message })),
});

/** A token bucket: so many at once, and so many a second. */
class Bucket {
  #left: number;
  #at: number;

  constructor(burst: number, now: number) {
    this.#left = burst;
    this.#at = now;
  }

  take(rate: number, burst: number, now: number): boolean {
    this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * rate);
    this.#at = now;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

/** Stages of REST APIs as callers meet them: keys, plans, throttles, cache, and the event and answer of payload 1.0. */
export class RestFront {
  readonly #rest: RestApis;
  readonly #account: Account;
  readonly #data: DataPlane;
  readonly #buckets = new Map<string, Bucket>();
  /** Requests of a quota's period, by plan and key. */
  readonly used = new Map<string, number>();
  /** What functions were invoked with. */
  readonly events: unknown[] = [];
  /** Longest that a function is waited for, ms: that of its integration at most. */
  longestMs = 29_000;

  constructor(rest: RestApis, account: Account, data: DataPlane) {
    this.#rest = rest;
    this.#account = account;
    this.#data = data;
  }

  /** A request to a stage; `path` is what follows it. */
  async fetch(id: string, stageName: string, request: Request): Promise<Reply> {
    const api = this.#rest.apis.get(id);
    const stage = api?.stages.get(stageName);
    const deployment = api?.deployments.get(stage?.fields.deploymentId ?? '');
    if (!api || !stage || !deployment || deployment.closed) return refusal(403, 'Forbidden');
    const found = routeOf(deployment.document.paths, request.method, request.path.split('?')[0] ?? '');
    if (!found) return refusal(403, 'Missing Authentication Token');
    const refused = this.#guard(api, stage, found.operation, request);
    if (refused) return refused;
    const kept = this.#cached(stage, found, request);
    if (kept?.reply) return kept.reply as Reply;
    const reply = await this.#invoke(api, stage, found, request);
    if (kept && reply.status === 200) kept.keep(reply);
    return reply;
  }

  #guard({ fields: { id } }: RestApiState, stage: Stage, operation: Fields, { headers }: Request): Reply | undefined {
    const needs = ((operation['security'] ?? []) as Fields[]).flatMap(Object.keys);
    const signed = /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/[a-z0-9-]+\/execute-api\/aws4_request,/;
    if (needs.includes('sigv4') && !signed.test(String(headers['authorization'] ?? '')))
      return refusal(403, 'Missing Authentication Token');
    const settings = stage.methods.get('*/*') ?? {};
    const rate = Number(settings['throttling/rateLimit'] ?? 10_000);
    const burst = Number(settings['throttling/burstLimit'] ?? 5000);
    if (needs.includes('api_key')) {
      const refused = this.#spend(id, stage, String(headers['x-api-key'] ?? ''));
      if (refused) return refused;
    }
    return this.#take(`${id} ${stage.fields.stageName}`, rate, burst) ? undefined : refusal(429, 'Too Many Requests');
  }

  /** Counts a request to a key and its plan. */
  #spend(id: string, stage: Stage, value: string): Reply | undefined {
    const { keys, plans } = this.#rest.plans;
    const key: KeyState | undefined = [...keys.values()].find(({ fields }) => fields.value === value);
    const plan: PlanState | undefined = [...plans.values()].find(
      (one) =>
        key &&
        one.keys.has(key.fields.id) &&
        one.fields.apiStages.some((at) => at.apiId === id && at.stage === stage.fields.stageName),
    );
    if (!key || !plan || key.fields['enabled'] !== true || key.unknownFor-- > 0) return refusal(403, 'Forbidden');
    const own = `${plan.fields.id} ${key.fields.id}`;
    const { rateLimit, burstLimit } = (plan.fields['throttle'] ?? {}) as { rateLimit?: number; burstLimit?: number };
    if (rateLimit !== undefined && !this.#take(own, rateLimit, burstLimit ?? 1))
      return refusal(429, 'Too Many Requests');
    const limit = (plan.fields['quota'] as Fields | undefined)?.['limit'];
    const used = (this.used.get(own) ?? 0) + 1;
    if (limit !== undefined && used > Number(limit)) return refusal(429, 'Limit Exceeded');
    this.used.set(own, used);
    return undefined;
  }

  #take(name: string, rate: number, burst: number): boolean {
    const now = performance.now();
    const bucket = this.#buckets.get(name) ?? new Bucket(burst, now);
    this.#buckets.set(name, bucket);
    return bucket.take(rate, burst, now);
  }

  /** Where a GET's answer is kept: by its path and the parameters that its integration names, and nothing else. */
  #cached(stage: Stage, { pattern, operation }: Found, { method, headers }: Request) {
    const settings = stage.methods.get(`${pattern}/GET`);
    const isOn = stage.fields['cacheClusterEnabled'] === true && settings?.['caching/enabled'] === 'true';
    if (method !== 'GET' || !isOn) return undefined;
    const integration = operation['x-amazon-apigateway-integration'] as { cacheKeyParameters?: string[] };
    const parameters = (integration.cacheKeyParameters ?? []).map(
      (name) => name.split('.').at(-1)?.toLowerCase() ?? '',
    );
    const key = [pattern, ...parameters.map((name) => String(headers[name] ?? ''))].join('\n');
    const now = this.#account.now().getTime();
    const known = stage.cache.get(key);
    const until = now + Number(settings['caching/ttlInSeconds'] ?? 300) * 1000;
    const keep = (reply: Reply): void => {
      if (reply.body.byteLength <= 1_048_576) stage.cache.set(key, { until, reply });
    };
    return { reply: known && known.until > now ? known.reply : undefined, keep };
  }

  async #invoke(
    { fields: { id } }: RestApiState,
    stage: Stage,
    { pattern, operation }: Found,
    request: Request,
  ): Promise<Reply> {
    const { method, path, body, headers } = request;
    const { uri = '' } = operation['x-amazon-apigateway-integration'] as { uri?: string };
    const arn = /functions\/(.+)\/invocations$/.exec(uri)?.[1] ?? '';
    const { stageName } = stage.fields;
    const source = `arn:aws:execute-api:${region}:${accountId}:${id}/${stageName}/${method}${pattern}`;
    if (!this.#account.allows(arn, 'apigateway.amazonaws.com', source)) return refusal(500, 'Internal server error');
    const [, , , , , , name = '', alias = ''] = arn.split(':');
    const all = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)]));
    const apiKey = headers['x-api-key'] === undefined ? undefined : String(headers['x-api-key']);
    const place = { resource: pattern, stage: stageName, apiKey };
    const event = restEvent(method, path, all, body.byteLength > 0 ? body : undefined, place);
    this.events.push(event);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.longestMs);
    });
    const invoked = await Promise.race([this.#data.invoke(name, alias, event), late]);
    clearTimeout(timer);
    if (!invoked) return refusal(504, 'Endpoint request timed out');
    return invoked.error ? refusal(502, 'Internal server error') : (fromRestReply(invoked.payload) as Reply);
  }
}

interface Found {
  pattern: string;
  operation: Fields;
}

/**
 * The most specific resource, and its method. API Gateway goes down the tree: where a part of the path is a resource by its
 * name, `{proxy+}` beside that is not looked at any more.
 */
function routeOf(paths: Record<string, Record<string, Fields>>, method: string, path: string): Found | undefined {
  const parts = path.split('/').slice(1);
  let at = '';
  let pattern: string | undefined;
  for (const [index, part] of parts.entries()) {
    const next = `${at}/${part}`;
    if (Object.keys(paths).some((one) => one === next || one.startsWith(`${next}/`))) {
      at = next;
      continue;
    }
    pattern = part !== '' || index < parts.length - 1 ? `${at}/{proxy+}` : undefined;
    break;
  }
  const found = paths[pattern ?? at];
  const operation = found?.[method.toLowerCase()] ?? found?.['x-amazon-apigateway-any-method'];
  return operation && { pattern: pattern ?? at, operation };
}
