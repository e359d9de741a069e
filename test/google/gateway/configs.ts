import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import { alreadyExists, badRequest, notFound, precondition } from '../api-error.ts';
import type { ApiMethod, ApiRequest } from '../surface.ts';
import { at, checkId, checkIdle, common, exhausted, findIn, maskedFields, needs, pageOf, typed } from './common.ts';
import { compileDocument } from './document.ts';
import { type Config, type GatewayState, OperationError } from './state.ts';
import { configView, operationView } from './views.ts';

const configsOf = (state: GatewayState, api: string): Config[] =>
  [...state.configs.values()].filter(({ name }) => name.startsWith(`${api}/`));

/** Configs of an API: they cannot be changed, and are made one at a time. */
export function configMethods(state: GatewayState): Record<string, ApiMethod> {
  return {
    [`${at}.apis.configs.create`]: {
      needs(request) {
        const account = String(request.body['gatewayServiceAccount'] ?? '');
        const resource = `projects/${state.context.project}/serviceAccounts/${account}`;
        return [
          ...needs('apigateway.apiconfigs.create')(request),
          { permission: 'iam.serviceaccounts.actAs', resource },
        ];
      },
      answer: (request) => createConfig(state, request),
    },
    [`${at}.apis.configs.get`]: {
      needs: needs('apigateway.apiconfigs.get'),
      answer(request) {
        state.look(findIn(state.configs, request).name);
        return configView(findIn(state.configs, request), request.query.get('view'));
      },
    },
    [`${at}.apis.configs.list`]: {
      needs: needs('apigateway.apiconfigs.list'),
      answer(request) {
        const api = request.labels['parent'] ?? '';
        if (!state.apis.has(api)) throw notFound(api);
        for (const { name } of configsOf(state, api)) state.look(name);
        const { page, next } = pageOf(request, configsOf(state, api), state.context.knobs.pageSize);
        return { apiConfigs: page.map((one) => configView(one)), ...next };
      },
    },
    [`${at}.apis.configs.patch`]: {
      needs: needs('apigateway.apiconfigs.update'),
      answer(request) {
        const found = findIn(state.configs, request);
        Object.assign(found, maskedFields(request, ['displayName', 'labels']), { updateTime: state.now() });
        return operationView(state.begin(found.name, 'update', () => typed('ApiConfig', configView(found))));
      },
    },
    [`${at}.apis.configs.delete`]: {
      needs: needs('apigateway.apiconfigs.delete'),
      answer(request) {
        const found = findIn(state.configs, request);
        checkIdle(state, found.name);
        const holder = [...state.gateways.values()].find(({ apiConfig }) => apiConfig === found.name);
        if (holder) throw precondition(`Cannot delete config ${found.name}: it is used by the gateway ${holder.name}`);
        found.state = 'DELETING';
        return operationView(
          state.begin(found.name, 'delete', () => {
            state.configs.delete(found.name);
            state.usedUp.add(found.name);
            return typed('Empty', {});
          }),
        );
      },
    },
  };
}

async function createConfig(state: GatewayState, request: ApiRequest): Promise<Fields> {
  const { labels, query, body } = request;
  const api = labels['parent'] ?? '';
  const documents = (body['openapiDocuments'] ?? []) as Fields[];
  const [first] = documents.map((one) => fieldsOf(one['document']));
  if (!first) throw badRequest([{ field: 'api_config.openapi_documents', description: 'is required' }]);
  const { document, diagnostics } = await compileDocument(String(first['contents']));
  const others = configsOf(state, api);
  if (state.apis.get(api)?.state !== 'ACTIVE') throw notFound(api);
  const id = checkId(query.get('apiConfigId'), 'api_config_id', /^[a-z0-9][a-z0-9-]{0,62}$/);
  const name = `${api}/configs/${id}`;
  if (state.configs.has(name) || state.usedUp.has(name)) throw alreadyExists(name);
  if (others.length >= state.limits.configs) throw exhausted('API configs per API', state.limits.configs);
  const account = String(body['gatewayServiceAccount'] ?? '');
  const made: Config = { ...common(state, name, body), gatewayServiceAccount: account, document, spoiled: false };
  const moving = others.filter((one) => one.state === 'CREATING');
  if (moving.length > 0) state.overlaps.push(name);
  for (const one of moving.length > 0 ? [...moving, made] : []) one.spoiled = true;
  state.configs.set(name, made);
  return operationView(
    state.begin(name, 'create', () => {
      made.state = diagnostics.length > 0 ? 'FAILED' : 'ACTIVE';
      if (diagnostics.length === 0) return typed('ApiConfig', configView(made));
      throw new OperationError(3, 'Cannot convert to service config.', diagnostics);
    }),
  );
}
