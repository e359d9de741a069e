import type { IncomingHttpHeaders } from 'node:http';
import { type ExpressionContext, evaluate, isExpression } from './expression.ts';
import { childOf, type Policy } from './policy-xml.ts';
import { GatewayRefusal } from './refusal.ts';
import { validateJwt } from './tokens.ts';

export interface GatewayAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** Ends the processing of a request with an answer. */
export class Answered extends Error {
  readonly answer: GatewayAnswer;

  constructor(answer: GatewayAnswer) {
    super('answered');
    this.answer = answer;
  }
}

/** A request on its way through the policies. */
export interface Passing {
  method: string;
  headers: IncomingHttpHeaders;
  expression: ExpressionContext;
  /** Who is counted: a subscription, if there is one. */
  subscription: string | undefined;
  /** API, revision and URL. */
  cacheKey: string;
  backend: string | undefined;
  /** Of answers, set by policies. */
  answered: Record<string, string>;
  /** How long the answer is kept, s. */
  keep: number | undefined;
  timeout: number;
}

/** What is remembered between requests. */
export interface GatewayMemory {
  now(): Date;
  /** Times of calls by who is counted. */
  counts: Map<string, number[]>;
  cache: Map<string, { until: number; answer: GatewayAnswer }>;
}

/** Executes the policies of a section, in their order. Throws GatewayRefusal and Answered. */
export async function runSection(policies: readonly Policy[], passing: Passing, memory: GatewayMemory): Promise<void> {
  for (const policy of policies) await run(policy, passing, memory);
}

async function run(policy: Policy, passing: Passing, memory: GatewayMemory): Promise<void> {
  const { attributes, inside } = policy;
  switch (policy.name) {
    case 'base':
      return;
    case 'choose': {
      const when = inside.find((one) => evaluate(one.attributes['condition'] ?? '', passing.expression) === true);
      return runSection(when?.inside ?? [], passing, memory);
    }
    case 'cors':
      return cors(policy, passing);
    case 'validate-jwt':
      return validateJwt(policy, passing.headers.authorization, memory.now());
    case 'rate-limit':
      return count(policy, `subscription ${passing.subscription}`, memory);
    case 'rate-limit-by-key':
      return count(policy, textOf(attributes['counter-key'] ?? '', passing), memory);
    case 'cache-lookup':
      return lookUp(policy, passing, memory);
    case 'cache-store':
      passing.keep = Number(attributes['duration']);
      return;
    case 'set-backend-service':
      passing.backend = attributes['backend-id'];
      return;
    case 'forward-request':
      passing.timeout = Number(attributes['timeout']);
      return;
    case 'set-header':
      return setHeader(policy, passing);
    case 'return-response':
      throw new Answered(responseOf(policy));
    default:
      throw new Error(`the stand-in does not execute ${policy.name}`);
  }
}

const textOf = (text: string, { expression }: Passing): string =>
  isExpression(text) ? String(evaluate(text, expression)) : text;

const textsOf = (policy: Policy, list: string): string[] =>
  (childOf(policy, list)?.inside ?? []).map(({ text }) => text);

function cors(policy: Policy, passing: Passing): void {
  const { origin } = passing.headers;
  if (origin === undefined) return;
  const origins = textsOf(policy, 'allowed-origins');
  const isAllowed = origins.includes('*') || origins.includes(origin);
  const isPreflight = passing.method === 'OPTIONS' && 'access-control-request-method' in passing.headers;
  const allowed = { 'access-control-allow-origin': origins.includes('*') ? '*' : origin };
  if (isPreflight) {
    const methods = childOf(policy, 'allowed-methods');
    const headers = {
      ...allowed,
      'access-control-allow-methods': textsOf(policy, 'allowed-methods').join(','),
      'access-control-allow-headers': String(passing.headers['access-control-request-headers'] ?? ''),
      'access-control-max-age': methods?.attributes['preflight-result-max-age'] ?? '0',
    };
    throw new Answered({ status: 200, headers: isAllowed ? headers : {}, body: Buffer.alloc(0) });
  }
  if (!isAllowed) return;
  const exposed = textsOf(policy, 'expose-headers').join(',');
  Object.assign(passing.answered, allowed, exposed !== '' && { 'access-control-expose-headers': exposed });
}

function count({ attributes }: Policy, who: string, { now, counts }: GatewayMemory): void {
  const period = Number(attributes['renewal-period']) * 1000;
  const time = now().getTime();
  const recent = (counts.get(who) ?? []).filter((one) => one > time - period);
  counts.set(who, [...recent, time]);
  if (recent.length < Number(attributes['calls'])) return;
  counts.set(who, recent);
  const seconds = Math.max(1, Math.ceil(((recent[0] ?? time) + period - time) / 1000));
  const message = `Rate limit is exceeded. Try again in ${seconds} seconds.`;
  throw new GatewayRefusal(429, message, { 'retry-after': String(seconds) });
}

/** Only GET is kept, and with a token only where the policy says so. */
function lookUp({ attributes }: Policy, passing: Passing, { now, cache }: GatewayMemory): void {
  const isPrivate = 'authorization' in passing.headers;
  if (passing.method !== 'GET' || (isPrivate && attributes['allow-private-response-caching'] !== 'true')) return;
  const found = cache.get(passing.cacheKey);
  if (found && found.until > now().getTime()) throw new Answered(found.answer);
}

function setHeader(policy: Policy, passing: Passing): void {
  const name = (policy.attributes['name'] ?? '').toLowerCase();
  if (policy.attributes['exists-action'] === 'delete') delete passing.headers[name];
  else passing.answered[name] = textOf(childOf(policy, 'value')?.text ?? '', passing);
}

function responseOf(policy: Policy): GatewayAnswer {
  const headers = policy.inside.filter(({ name }) => name === 'set-header');
  const all = headers.map((one) => [(one.attributes['name'] ?? '').toLowerCase(), childOf(one, 'value')?.text ?? '']);
  return {
    status: Number(childOf(policy, 'set-status')?.attributes['code'] ?? 200),
    headers: Object.fromEntries(all) as Record<string, string>,
    body: Buffer.from(childOf(policy, 'set-body')?.text ?? ''),
  };
}
