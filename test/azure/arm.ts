import { finishCall } from '../fakes/clouds/calls.ts';
import type { Fields } from '../fakes/clouds/fields.ts';
import type { Incoming, Reply, Surface } from '../fakes/clouds/loopback.ts';
import {
  ArmError,
  denied,
  linkDenied,
  noGroup,
  noSubscription,
  refused,
  throttled,
  unregistered,
} from './arm-error.ts';
import type { AzureContext, Call } from './context.ts';
import type { Contract, Finding, FoundOperation } from './contract.ts';
import { type Need, needOf, type Principal } from './iam.ts';
import { armAudiences } from './tokens.ts';

/** A request of an operation, held to its description. */
export interface ArmRequest {
  /** Path labels: `resourceGroupName`, `name`. */
  labels: Record<string, string>;
  /** As it came, without the query. */
  path: string;
  query: URLSearchParams;
  headers: Incoming['headers'];
  body: Fields;
  caller: Principal;
}

export interface ArmReply {
  status: number;
  headers?: Record<string, string>;
  /** A document; none where it is absent. */
  body?: unknown;
}

/** How one operation is answered. */
export interface ArmOperation {
  /** What the caller needs. Default: the one action that method and path name. */
  needs?(request: ArmRequest): Need[];
  /** Throws ArmError. */
  answer(request: ArmRequest): ArmReply | Promise<ArmReply>;
}

/** What one provider serves below Azure Resource Manager. */
export interface ArmApi {
  contract: Contract;
  /** By the ids of the description; the others are not there. */
  operations: Record<string, ArmOperation>;
}

interface Found extends FoundOperation {
  api: ArmApi;
  operation: ArmOperation;
}

/** Azure Resource Manager: one address for all providers. */
export function armSurface(context: AzureContext, apis: readonly ArmApi[]): Surface {
  const find = (method: string, path: string): Found | undefined => {
    for (const api of apis) {
      const found = api.contract.find(method, path);
      const operation = found && api.operations[found.described.operationId];
      if (operation) return { ...found, api, operation };
    }
    return undefined;
  };
  return {
    name: 'ARM',
    async serve(incoming) {
      const found = find(incoming.method, incoming.url.pathname);
      if (found) return serveOperation(context, found, incoming);
      context.violation(`ARM: ${incoming.method} ${incoming.url.pathname} is nothing that the stand-in has`);
      return failure(
        refused(404, 'InvalidResourceType', `The resource type of '${incoming.url.pathname}' is not found.`),
      );
    },
  };
}

/** Calls by POST that change nothing. */
const readingPosts = /_list/;

async function serveOperation(context: AzureContext, found: Found, incoming: Incoming): Promise<Reply | undefined> {
  const { described, labels, operation } = found;
  const { pathname: path, searchParams: query } = incoming.url;
  const call: Call = {
    ...{ method: described.operationId, path, parameters: { ...labels, ...Object.fromEntries(query) } },
    ...{ body: undefined, principal: '', needs: [], status: 0 },
    mutating: !['GET', 'HEAD'].includes(incoming.method) && !readingPosts.test(described.operationId),
  };
  context.calls.push(call);
  return finishCall(
    context,
    call,
    async () => {
      const caller = context.tokens.principalOf(incoming.headers.authorization, armAudiences);
      call.principal = caller.oid;
      const body = readBody(context, found, incoming);
      call.body = body;
      const request = { labels, path, query, headers: incoming.headers, body: body ?? {}, caller };
      call.needs = operation.needs?.(request) ?? [needOf(incoming.method, path)];
      checkPlace(context, labels, path);
      demand(context, caller, call.needs);
      if (call.mutating) charge(context);
      return replyOf(await operation.answer(request));
    },
    failure,
  );
}

/** Throws ArmError where an allowance is used up. */
function charge(context: AzureContext): void {
  if (context.knobs.writes <= 0) throw throttled(1);
  context.knobs.writes--;
}

/** Throws ArmError for what a principal may not. */
export function demand(context: AzureContext, caller: Principal, needs: readonly Need[]): void {
  const refusedNeed = needs.find((need) => !context.iam.allows(caller.oid, need));
  if (!refusedNeed) return;
  const own = needs[0]?.action ?? '';
  throw refusedNeed.linked
    ? linkDenied(caller, own, refusedNeed)
    : denied(caller, refusedNeed.action, refusedNeed.scope);
}

function checkPlace(context: AzureContext, labels: Record<string, string>, path: string): void {
  const { subscriptionId, resourceGroupName } = labels;
  if (subscriptionId !== undefined && subscriptionId !== context.subscription) throw noSubscription(subscriptionId);
  const groups = [...context.groups.keys()].map((name) => name.toLowerCase());
  if (resourceGroupName !== undefined && !groups.includes(resourceGroupName.toLowerCase())) {
    throw noGroup(resourceGroupName);
  }
  const [, namespace = ''] = /.*\/providers\/([^/]+)\//i.exec(path) ?? [];
  if (context.unregistered.has(namespace)) throw unregistered(namespace);
}

/** The body of a request that is as described. Throws ArmError for any other. */
function readBody(context: AzureContext, { api, described, labels }: Found, incoming: Incoming): Fields | undefined {
  const query = incoming.url.searchParams;
  checkVersion(context, api.contract.versionsOf(described), query.get('api-version'));
  const found = api.contract.parameterFindings(described, { labels, query, headers: incoming.headers });
  const { headers } = incoming;
  let body: Fields | undefined;
  if (incoming.body.byteLength > 0) {
    if (!/^application\/json\b/.test(headers['content-type'] ?? '')) {
      found.push({ path: 'content-type', message: 'expected application/json' });
    }
    body = parse(incoming.body, found);
  }
  found.push(...api.contract.bodyFindings(described, body));
  if (context.knobs.lenient || found.length === 0) return body;
  for (const { path, message } of found) context.violation(`${described.operationId}: ${path}: ${message}`);
  const text = found.map(({ path, message }) => `${path}: ${message}`).join('; ');
  throw refused(
    400,
    'InvalidRequestContent',
    `The request content was invalid and could not be deserialized: '${text}'.`,
  );
}

function checkVersion(context: AzureContext, known: string[], given: string | null): void {
  if (known.includes(given ?? '') || (context.knobs.lenient && given !== null)) return;
  context.violation(`api-version ${given}: expected ${known.join(', ')}`);
  if (given === null) {
    const message = 'The api-version query parameter (?api-version=) is required for all requests.';
    throw refused(400, 'MissingApiVersionParameter', message);
  }
  const message = `No registered resource provider found for API version '${given}'. The supported api-versions are '${known.join(', ')}'.`;
  throw refused(400, 'NoRegisteredProviderFound', message);
}

function parse(body: Buffer, found: Finding[]): Fields {
  try {
    return JSON.parse(body.toString('utf8')) as Fields;
  } catch {
    found.push({ path: 'body', message: 'is no JSON' });
    return {};
  }
}

const json = { 'content-type': 'application/json; charset=utf-8' };

const replyOf = ({ status, headers, body }: ArmReply): Reply => ({
  status,
  headers: { ...(body !== undefined && json), 'x-ms-ratelimit-remaining-subscription-reads': '1099', ...headers },
  ...(body !== undefined && { body: JSON.stringify(body) }),
});

export function failure(thrown: unknown): Reply {
  const error = thrown instanceof ArmError ? thrown : refused(500, 'InternalServerError', 'Internal error.');
  return { status: error.status, headers: { ...json, ...error.headers }, body: JSON.stringify(error.body) };
}
