import { finishCall } from '../fakes/clouds/calls.ts';
import type { Fields } from '../fakes/clouds/fields.ts';
import type { Incoming, Reply, Surface } from '../fakes/clouds/loopback.ts';
import { ApiError, denied, disabled, notFound, unauthenticated } from './api-error.ts';
import type { Call, GoogleContext, Need } from './context.ts';
import { type Contract, type Finding, type Method, numbers } from './contract.ts';
import type { Token } from './iam.ts';

/** A request of a method, held to the contract. */
export interface ApiRequest {
  /** Path labels: `name`, `parent`. */
  labels: Record<string, string>;
  query: URLSearchParams;
  body: Fields;
  caller: Token;
}

/** How one method of an API is answered. */
export interface ApiMethod {
  /** What the caller needs, in the order in which the service would complain. */
  needs(request: ApiRequest): Need[];
  /** Returns the answer; throws ApiError. */
  answer(request: ApiRequest): unknown;
}

export interface ApiOptions {
  name: string;
  contract: Contract;
  /** By the id of the discovery document: `run.projects.locations.services.get`. */
  methods: Record<string, ApiMethod>;
  /** False where tokens of federated identities are refused (Cloud Run wants a service account's). Default true. */
  federated?: boolean;
  /** Throws ApiError before a call that may change something, where a quota is used up. */
  charge?(call: Call): void;
}

/** A surface whose requests and answers are held to Google's description of the API. */
export function apiSurface(context: GoogleContext, options: ApiOptions): Surface {
  const { contract, name } = options;
  return {
    name,
    async serve(incoming) {
      const found = contract.find(incoming.method, incoming.url.pathname);
      const answer = found && options.methods[found.method.id];
      if (!found || !answer) {
        context.violation(`${name}: ${incoming.method} ${incoming.url.pathname} is no method that the stand-in has`);
        return failure(notFound(incoming.url.pathname));
      }
      return serveMethod(context, options, { ...found, incoming, answer });
    },
  };
}

interface Found {
  method: Method;
  labels: Record<string, string>;
  incoming: Incoming;
  answer: ApiMethod;
}

async function serveMethod(context: GoogleContext, options: ApiOptions, found: Found): Promise<Reply | undefined> {
  const { method, labels, incoming } = found;
  const caller = context.iam.tokenOf(incoming.headers.authorization);
  const parameters = { ...labels, ...Object.fromEntries(incoming.url.searchParams) };
  const call: Call = {
    ...{ method: method.id, parameters, body: undefined, principal: caller?.principal ?? '', needs: [], status: 0 },
    mutating: incoming.method !== 'GET' && !readingPosts.test(method.id),
  };
  context.calls.push(call);
  return finish(context, call, async () => {
    if (caller?.kind !== 'access') throw unauthenticated();
    const request = { labels, query: incoming.url.searchParams, caller, body: {} };
    call.body = request.body = readBody(context, options.contract, found);
    checkCaller(context, options, call, found.answer.needs(request));
    options.charge?.(call);
    const answer = JSON.parse(JSON.stringify((await found.answer.answer(request)) ?? {})) as unknown;
    for (const one of options.contract.findings(method.response ?? {}, answer, '', 'answer')) {
      context.violation(`the stand-in's own answer to ${method.id}: ${one.path}: ${one.message}`);
    }
    return { status: 200, headers: json, body: JSON.stringify(answer) };
  });
}

/** Calls by POST that change nothing. */
const readingPosts = /^logging\.entries\.list$|^iamcredentials\.|operations\.wait$|testIamPermissions$/;
const json = { 'content-type': 'application/json; charset=UTF-8' };

/** Runs a call between the fault that a test wants and those who watch. */
export const finish = (context: GoogleContext, call: Call, work: () => Promise<Reply>): Promise<Reply | undefined> =>
  finishCall(context, call, work, failure);

export const failure = (thrown: unknown): Reply => {
  const error = thrown instanceof ApiError ? thrown : new ApiError(500, 'INTERNAL', 'Internal error encountered.');
  return { status: error.code, headers: json, body: JSON.stringify(error.body) };
};

function checkCaller(context: GoogleContext, { contract, federated }: ApiOptions, call: Call, needs: Need[]): void {
  const service = `${contract.name}.googleapis.com`;
  if (context.disabled.has(service)) throw disabled(service, context.number);
  call.needs = needs;
  // https://cloud.google.com/iam/docs/federated-identity-supported-services: Cloud Run wants impersonation.
  if (federated === false && call.principal.startsWith('principal')) {
    context.violation(`${call.method}: a federated identity calls ${service} without a service account`);
    throw denied(needs[0]?.permission ?? '', needs[0]?.resource ?? '');
  }
  for (const { permission, resource } of needs) {
    if (!context.iam.allows(call.principal, permission, resource)) throw denied(permission, resource);
  }
}

function readBody(context: GoogleContext, contract: Contract, { method, incoming }: Found): Fields {
  const found = contract.queryFindings(method, incoming.url.searchParams);
  let body: Fields = {};
  const isJson = /^application\/json\b/.test(incoming.headers['content-type'] ?? '');
  if (!method.request) {
    if (incoming.body.byteLength > 0) found.push({ path: 'body', message: 'the method takes no body' });
  } else if (isJson) {
    body = parse(incoming.body, found);
    if (incoming.url.searchParams.get('$alt') === numbers) body = contract.named(method.request, body) as Fields;
    found.push(...contract.findings(method.request, body, '', 'request'));
  } else if (incoming.body.byteLength > 0 && !method.mediaUpload) {
    found.push({ path: 'content-type', message: `expected application/json` });
  }
  for (const { path, message } of found) context.violation(`${method.id}: ${path}: ${message}`);
  const refused = found.filter(({ ignored }) => !ignored);
  if (refused.length > 0) {
    const text = refused.map(({ path, message }) => `${path}: ${message}`).join('\n');
    throw new ApiError(400, 'INVALID_ARGUMENT', `Invalid JSON payload received. ${text}`);
  }
  return body;
}

function parse(body: Buffer, found: Finding[]): Fields {
  try {
    return JSON.parse(body.toString('utf8') || '{}') as Fields;
  } catch {
    found.push({ path: 'body', message: 'is no JSON' });
    return {};
  }
}
