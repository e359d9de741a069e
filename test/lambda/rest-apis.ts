import type { Incoming } from './contract.ts';
import type { NeighbourCall } from './neighbours.ts';
import { checkRestAnswer, type RestCall, readRest } from './rest-contract.ts';
import { RestDomains } from './rest-domains.ts';
import { RestPlans } from './rest-plans.ts';
import { bad, checkDocument, missing, newId, patchStage, type RestApiState, type Stage, taken } from './rest-state.ts';
import { ServiceError } from './service-error.ts';
import type { Account, Fields } from './state.ts';

type Answer = Fields | undefined;

/** REST APIs as API Gateway keeps them, judged by botocore's model: for what Coldgate makes of them, and what it must not. */
export class RestApis {
  readonly apis = new Map<string, RestApiState>();
  readonly plans = new RestPlans(this.apis);
  readonly domains = new RestDomains(this.apis);
  /** ARN of the web ACL by that of the stage. */
  readonly webAcls = new Map<string, string>();
  /** How often WAF does not know a stage yet. */
  unavailable = 0;
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  read(incoming: Incoming): NeighbourCall {
    const call = readRest(incoming);
    const { operation } = call;
    return {
      operation,
      input: { RestPath: incoming.url.pathname, RestMethod: incoming.method, ...call.body },
      mutating: !operation.startsWith('Get'),
      answer: () => {
        const result = this.#do(call, incoming.body.byteLength);
        checkRestAnswer(operation, result);
        const body = Buffer.from(result === undefined ? '' : JSON.stringify(result));
        return { status: call.status, headers: { 'content-type': 'application/json' }, body };
      },
    };
  }

  /** AWS WAF, which stands before stages. */
  readWebAcls({ headers, body }: Incoming): NeighbourCall {
    const [, operation = ''] = /^AWSWAF_20190729\.(AssociateWebACL|DisassociateWebACL)$/.exec(
      headers['x-amz-target'] ?? '',
    ) ?? [undefined, ''];
    if (operation === '') throw new ServiceError('UnknownOperationException', 404, String(headers['x-amz-target']));
    const input = JSON.parse(body.toString('utf8')) as { WebACLArn?: string; ResourceArn: string };
    return {
      operation,
      input,
      mutating: true,
      answer: () => {
        this.#setWebAcl(operation, input);
        return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: Buffer.from('{}') };
      },
    };
  }

  #setWebAcl(operation: string, { WebACLArn, ResourceArn }: { WebACLArn?: string; ResourceArn: string }): void {
    const [, id = '', stage = ''] =
      /^arn:aws:apigateway:[a-z0-9-]+::\/restapis\/(\w+)\/stages\/(\w+)$/.exec(ResourceArn) ?? [];
    if (!this.apis.get(id)?.stages.has(stage))
      throw new ServiceError('WAFNonexistentItemException', 400, 'AWS WAF couldn’t find your resource');
    if (this.unavailable-- > 0)
      throw new ServiceError('WAFUnavailableEntityException', 400, 'AWS WAF couldn’t retrieve the resource');
    if (operation === 'DisassociateWebACL') this.webAcls.delete(ResourceArn);
    else if (WebACLArn === undefined) throw new ServiceError('WAFInvalidParameterException', 400, 'WebACLArn');
    else this.webAcls.set(ResourceArn, WebACLArn);
  }

  inventory(): string[] {
    return [
      ...[...this.apis.values()].flatMap(({ fields, deployments, stages }) => [
        `rest api ${String(fields['name'])}`,
        ...[...deployments.values()].map((one) => `deployment ${String(one.fields['description'])}`),
        ...[...stages.values()].flatMap(({ fields: stage, methods }) => [
          `rest stage ${stage.stageName}`,
          ...[...methods].map(([key, settings]) => `method ${key} ${JSON.stringify(settings)}`),
        ]),
      ]),
      ...[...this.webAcls].map(([, acl]) => `web acl ${acl}`),
      ...this.plans.inventory(),
      ...this.domains.inventory(),
    ];
  }

  find(id: string | undefined): RestApiState {
    const api = this.apis.get(id ?? '');
    if (!api) throw missing('API');
    return api;
  }

  #do(call: RestCall, bytes: number): Answer {
    const { operation, labels, body } = call;
    if (operation === 'GetRestApis') return { item: [...this.apis.values()].map(({ fields }) => fields) };
    if (operation === 'CreateRestApi') return this.#create(body);
    if (operation === 'TagResource') return this.#tag(labels[0] ?? '', body);
    if (/UsagePlan|ApiKey/.test(operation)) return this.plans.do(call);
    if (/Domain|BasePath/.test(operation)) return this.domains.do(call);
    const api = this.find(labels[0]);
    if (operation === 'GetRestApi') return api.fields;
    if (operation === 'DeleteRestApi') return this.#delete(api);
    if (operation === 'PutRestApi') {
      if (call.query['mode'] === 'merge') throw new ServiceError('NotImplemented', 501, 'merge');
      const document = body as RestApiState['document'] & Fields;
      checkDocument(document, bytes);
      api.document = structuredClone(document);
      Object.assign(api.fields, ofDocument(document));
      return api.fields;
    }
    return /Deployment/.test(operation) ? deploy(api, call, this.#account) : stageOf(this, api, call);
  }

  #create(body: Fields): Answer {
    const id = newId();
    const createdDate = Math.floor(this.#account.now().getTime() / 1000);
    const rootResourceId = newId();
    const fields = { tags: {}, ...body, id, createdDate, rootResourceId, disableExecuteApiEndpoint: false };
    this.apis.set(id, { fields, document: undefined, deployments: new Map(), stages: new Map() });
    return fields;
  }

  #delete(api: RestApiState): Answer {
    const { id } = api.fields;
    if (this.domains.names(id).length > 0) throw bad('Please remove all base path mappings related to the API');
    this.apis.delete(id);
    for (const stage of api.stages.keys()) forget(this, id, stage);
    return undefined;
  }

  #tag(arn: string, { tags }: Fields): Answer {
    const [, id] = /^arn:aws:apigateway:[a-z0-9-]+::\/restapis\/(\w+)$/.exec(arn) ?? [];
    Object.assign(this.find(id).fields.tags, tags);
    return undefined;
  }
}

/** What an import changes of the API itself. */
const ofDocument = (document: Fields): Fields => {
  const endpoint = document['x-amazon-apigateway-endpoint-configuration'] as Fields | undefined;
  return {
    name: (document['info'] as Fields)['title'],
    description: (document['info'] as Fields)['description'],
    binaryMediaTypes: document['x-amazon-apigateway-binary-media-types'] ?? [],
    disableExecuteApiEndpoint: endpoint?.['disableExecuteApiEndpoint'] ?? false,
  };
};

function deploy(api: RestApiState, { operation, labels, body }: RestCall, account: Account): Answer {
  if (operation === 'GetDeployments') return { item: [...api.deployments.values()].map(({ fields }) => fields) };
  if (operation === 'CreateDeployment') {
    if (!api.document) throw bad("The REST API doesn't contain any methods");
    const id = newId();
    const fields = { ...body, id, createdDate: Math.floor(account.now().getTime() / 1000) };
    const closed = api.fields['disableExecuteApiEndpoint'] === true;
    api.deployments.set(id, { fields, document: structuredClone(api.document), closed });
    return fields;
  }
  const id = labels[1] ?? '';
  if (!api.deployments.has(id)) throw missing('Deployment');
  if ([...api.stages.values()].some(({ fields }) => fields.deploymentId === id))
    throw bad('Active stages pointing to this deployment must be moved or deleted');
  api.deployments.delete(id);
  return undefined;
}

/** What falls off with a stage. */
function forget({ webAcls, plans }: RestApis, id: string, stage: string): void {
  for (const arn of webAcls.keys()) if (arn.endsWith(`/restapis/${id}/stages/${stage}`)) webAcls.delete(arn);
  plans.forget(id, stage);
}

function stageOf(all: RestApis, api: RestApiState, { operation, labels, body }: RestCall): Answer {
  const name = String(operation === 'CreateStage' ? body['stageName'] : labels[1]);
  const known = api.stages.get(name);
  if (operation === 'CreateStage') {
    if (known) throw taken('Stage already exists');
    if (!/^\w{1,128}$/.test(name)) throw bad('Stage name only allows a-zA-Z0-9_');
    if (!api.deployments.has(String(body['deploymentId']))) throw bad('Invalid Deployment identifier specified');
    const stage: Stage = { fields: body as Stage['fields'], methods: new Map(), cache: new Map() };
    api.stages.set(name, stage);
    return stage.fields;
  }
  if (!known) throw missing('stage');
  if (operation === 'GetStage') return known.fields;
  if (operation === 'UpdateStage') {
    const staged = structuredClone(known);
    patchStage(api, staged, body);
    // A change that is refused in the middle changes nothing.
    Object.assign(known, { fields: staged.fields, methods: staged.methods });
    return known.fields;
  }
  if (operation === 'FlushStageCache') known.cache.clear();
  else {
    api.stages.delete(name);
    forget(all, api.fields.id, name);
  }
  return undefined;
}
