import * as sdk from '@aws-sdk/client-apigatewayv2';
import { fromLambdaReply, lambdaEvent } from '../fakes/handler/lambda-event.ts';
import { checkValue, type Incoming, operationsOf, readRequest } from './contract.ts';
import type { DataPlane, Reply } from './data-plane.ts';
import type { LogGroups } from './log-groups.ts';
import type { NeighbourCall } from './neighbours.ts';
import { ServiceError } from './service-error.ts';
import { type Account, account as accountId, type Fields, region } from './state.ts';

const operations = operationsOf(sdk);

interface HttpApi {
  fields: Fields;
  /** By kind, then id; a stage's id is its name. */
  parts: Record<Kind, Map<string, Fields>>;
}
type Kind = 'Integration' | 'Route' | 'Authorizer' | 'Stage';

const missing = (what: string): ServiceError =>
  new ServiceError('NotFoundException', 404, `Invalid ${what} identifier`);
const bad = (message: string): ServiceError => new ServiceError('BadRequestException', 400, message);
const taken = (message: string): ServiceError => new ServiceError('ConflictException', 409, message);
const json = (status: number, value: unknown): Reply => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(value === undefined ? '' : JSON.stringify(value)),
});
const message = (status: number, text: string): Reply => json(status, { message: text });

/** HTTP APIs as API Gateway keeps and serves them, judged by the SDK's model: for what Coldgate makes of them, no more. */
export class ApiGateway {
  readonly apis = new Map<string, HttpApi>();
  readonly #account: Account;
  readonly #data: DataPlane;
  readonly #logs: LogGroups;
  readonly #urlOf: (id: string) => string;
  #counter = 0;

  constructor(account: Account, data: DataPlane, logs: LogGroups, urlOf: (id: string) => string) {
    this.#account = account;
    this.#data = data;
    this.#logs = logs;
    this.#urlOf = urlOf;
  }

  read(incoming: Incoming): NeighbourCall {
    const { operation, input } = readRequest(incoming, operations);
    return {
      operation: operation.name,
      input,
      mutating: !operation.name.startsWith('Get'),
      answer: () => {
        const result = this.#do(operation.name, input);
        if (result) checkValue(operation.output, result, `answer of ${operation.name}`);
        return json(operation.status, result);
      },
    };
  }

  inventory(): string[] {
    return [...this.apis].flatMap(([id, { fields, parts }]) => [
      `api ${id} ${String(fields['name'])}`,
      ...Object.entries(parts).flatMap(([kind, all]) =>
        [...all.values()].map((one) => `${kind} ${String(one['routeKey'] ?? one['stageName'] ?? one['name'] ?? id)}`),
      ),
    ]);
  }

  #find(input: Fields): HttpApi {
    const api = this.apis.get(String(input['ApiId']));
    if (!api) throw missing('API');
    return api;
  }

  #do(operation: string, input: Fields): Fields | undefined {
    if (operation === 'GetApis') return { items: [...this.apis.values()].map(({ fields }) => fields) };
    if (operation === 'CreateApi') return this.#createApi(input);
    if (operation === 'TagResource') {
      const id = /\/apis\/(\w+)$/.exec(String(input['ResourceArn']))?.[1];
      const { fields } = this.#find({ ApiId: id });
      fields['tags'] = { ...(fields['tags'] as Fields), ...(input['tags'] as Fields) };
      return {};
    }
    const { ApiId: id, ...given } = input;
    const api = this.#find(input);
    if (operation === 'UpdateApi') return Object.assign(api.fields, given);
    if (operation === 'DeleteCorsConfiguration') {
      delete api.fields['corsConfiguration'];
      return undefined;
    }
    if (operation === 'DeleteApi') {
      this.apis.delete(String(id));
      return undefined;
    }
    const [, verb, kind, many] =
      /^(Get|Create|Update|Delete)(Integration|Route|Authorizer|Stage)(s?)$/.exec(operation) ?? [];
    if (!verb) throw new ServiceError('NotImplemented', 501, `The stand-in does not know ${operation}`);
    if (many) return { items: [...api.parts[kind as Kind].values()] };
    return this.#part(verb, kind as Kind, api, given);
  }

  #createApi(given: Fields): Fields {
    if (given['protocolType'] !== 'HTTP') throw bad('The stand-in has HTTP APIs alone');
    const apiId = `api${++this.#counter}`;
    const createdDate = this.#account.now().toISOString();
    const routeSelectionExpression = '$request.method $request.path';
    const fields = { apiId, apiEndpoint: this.#urlOf(apiId), createdDate, routeSelectionExpression, ...given };
    const parts = { Integration: new Map(), Route: new Map(), Authorizer: new Map(), Stage: new Map() };
    this.apis.set(apiId, { fields, parts });
    return fields;
  }

  #part(verb: string, kind: Kind, api: HttpApi, input: Fields): Fields | undefined {
    const all = api.parts[kind];
    const label = kind === 'Stage' ? 'StageName' : `${kind}Id`;
    const { [label]: requested, ...given } = input;
    const key = kind === 'Stage' ? 'stageName' : `${kind[0]?.toLowerCase()}${kind.slice(1)}Id`;
    const id =
      verb === 'Create' ? String(given['stageName'] ?? `${kind.toLowerCase()}${++this.#counter}`) : String(requested);
    const known = all.get(id);
    if (verb !== 'Create' && !known) throw missing(kind);
    if (verb === 'Get') return known;
    if (verb === 'Delete') {
      checkUnused(api, kind, id);
      all.delete(id);
      return undefined;
    }
    const next: Fields = { ...known, ...given, [key]: id };
    if (next['authorizerId'] === '') delete next['authorizerId'];
    this.#check(kind, api, next, known);
    all.set(id, next);
    return next;
  }

  #check(kind: Kind, api: HttpApi, next: Fields, known: Fields | undefined): void {
    if (kind === 'Stage') {
      if (!known && api.parts.Stage.has(String(next['stageName']))) throw taken('Stage already exists');
      const arn = (next['accessLogSettings'] as Fields | undefined)?.['destinationArn'];
      const group = /:log-group:([^:]+)$/.exec(String(arn ?? ''))?.[1];
      if (arn !== undefined && !this.#logs.days.has(group ?? ''))
        throw bad('Insufficient permissions to enable logging');
    }
    if (kind === 'Route') {
      const same = [...api.parts.Route.values()].find((one) => one['routeKey'] === next['routeKey'] && one !== known);
      if (same) throw taken(`Route with key ${String(next['routeKey'])} already exists for this API`);
      const [, integration = ''] = /^integrations\/(.+)$/.exec(String(next['target'])) ?? [];
      if (!api.parts.Integration.has(integration)) throw bad(`Invalid target ${String(next['target'])}`);
      if (next['authorizationType'] === 'JWT' && !api.parts.Authorizer.has(String(next['authorizerId'])))
        throw bad('Invalid authorizer');
    }
    if (
      kind === 'Integration' &&
      !/^arn:aws:lambda:[^:]+:\d+:function:[\w-]+:[\w-]+$/.test(String(next['integrationUri']))
    )
      throw bad('Invalid integration URI');
    const limit = Number(next['timeoutInMillis'] ?? 1000);
    if (limit < 50 || limit > 30_000) throw bad('Timeout should be between 50 ms and 30000 ms');
  }

  /** A request to an API's endpoint; `path` is what follows it. */
  async fetch(id: string, request: { method: string; path: string; headers: Fields; body: Buffer }): Promise<Reply> {
    const api = this.apis.get(id);
    const stage = api?.parts.Stage.get('$default');
    if (!api || stage?.['autoDeploy'] !== true) return message(404, 'Not Found');
    const { method, path, body } = request;
    if (method === 'OPTIONS' && api.fields['corsConfiguration'])
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    const route = [...api.parts.Route.values()].find((one) => fits(String(one['routeKey']), method, path));
    if (!route) return message(404, 'Not Found');
    const refused = refusalOf(route, String(request.headers['authorization'] ?? ''));
    if (refused) return refused;
    const integration = api.parts.Integration.get(String(route['target']).split('/')[1] ?? '');
    const uri = String(integration?.['integrationUri']);
    const source = `arn:aws:execute-api:${region}:${accountId}:${id}/$default/${String(route['routeKey'])}`;
    if (!this.#account.allows(uri, 'apigateway.amazonaws.com', source)) return message(500, 'Internal Server Error');
    const [, , , , , , name = '', alias = ''] = uri.split(':');
    const headers = Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)]));
    const event = lambdaEvent(method, path, headers, body.byteLength > 0 ? body.toString('utf8') : undefined);
    const { payload, error } = await this.#data.invoke(name, alias, event);
    return error ? message(500, 'Internal Server Error') : (fromLambdaReply(payload) as Reply);
  }
}

/** API Gateway refuses to take away what another part still names. */
function checkUnused({ parts }: HttpApi, kind: Kind, id: string): void {
  const used = [...parts.Route.values()].some(
    (route) =>
      (kind === 'Integration' && route['target'] === `integrations/${id}`) ||
      (kind === 'Authorizer' && route['authorizerId'] === id),
  );
  if (used) throw taken(`Cannot delete ${kind} '${id}': it is used by a route`);
}

function fits(routeKey: string, method: string, path: string): boolean {
  const [verb, pattern = ''] = routeKey.split(' ');
  const start = pattern.replace('{proxy+}', '');
  const plain = path.split('?')[0] ?? '';
  return (
    (verb === 'ANY' || verb === method) &&
    (start === pattern ? plain === pattern : plain.startsWith(start) && plain.length > start.length)
  );
}

function refusalOf(route: Fields, authorization: string): Reply | undefined {
  if (route['authorizationType'] === 'JWT' && authorization !== 'Bearer good') return message(401, 'Unauthorized');
  const signed = /^AWS4-HMAC-SHA256 Credential=\w+\/\d{8}\/[a-z0-9-]+\/execute-api\/aws4_request,/;
  return route['authorizationType'] === 'AWS_IAM' && !signed.test(authorization)
    ? message(403, 'Forbidden')
    : undefined;
}
