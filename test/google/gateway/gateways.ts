import type { Fields } from '../../fakes/clouds/fields.ts';
import { alreadyExists, badRequest, notFound, precondition } from '../api-error.ts';
import type { ApiMethod, ApiRequest } from '../surface.ts';
import {
  at,
  checkId,
  checkIdle,
  checkLabels,
  common,
  exhausted,
  findIn,
  maskedFields,
  needs,
  pageOf,
  typed,
} from './common.ts';
import type { GatewayEdge } from './edge.ts';
import type { Config, Gateway, GatewayState } from './state.ts';
import { gatewayView, operationView } from './views.ts';

/** Gateways of regions, each with an address that serves one config. */
export function gatewayMethods(state: GatewayState, edge: GatewayEdge): Record<string, ApiMethod> {
  return {
    [`${at}.gateways.create`]: {
      needs: needs('apigateway.gateways.create'),
      answer: (request) => createGateway(state, edge, request),
    },
    [`${at}.gateways.get`]: {
      needs: needs('apigateway.gateways.get'),
      answer(request) {
        state.look(findIn(state.gateways, request).name);
        return gatewayView(state, findIn(state.gateways, request));
      },
    },
    [`${at}.gateways.list`]: {
      needs: needs('apigateway.gateways.list'),
      answer(request) {
        const [, , , region] = (request.labels['parent'] ?? '').split('/');
        const all = [...state.gateways.values()].filter(({ name }) => region === '-' || name.split('/')[3] === region);
        const { page, next } = pageOf(request, all, state.context.knobs.pageSize);
        return { gateways: page.map((one) => gatewayView(state, one)), ...next };
      },
    },
    [`${at}.gateways.patch`]: {
      needs: needs('apigateway.gateways.update'),
      answer: (request) => updateGateway(state, edge, request),
    },
    [`${at}.gateways.delete`]: {
      needs: needs('apigateway.gateways.delete'),
      answer(request) {
        const found = findIn(state.gateways, request);
        checkIdle(state, found.name);
        found.state = 'DELETING';
        return operationView(
          state.begin(found.name, 'delete', () => {
            state.gateways.delete(found.name);
            void edge.close(found.name);
            return typed('Empty', {});
          }),
        );
      },
    },
  };
}

/** The config that a request names; by the project's id or its number. */
function configOf(state: GatewayState, named: unknown): Config {
  const { project, number } = state.context;
  const name = String(named).replace(`projects/${number}/`, `projects/${project}/`);
  const found = state.configs.get(name);
  if (!found) throw notFound(name);
  if (found.state !== 'ACTIVE' || found.spoiled) throw precondition(`The API config ${name} is not available for use`);
  return found;
}

async function createGateway(state: GatewayState, edge: GatewayEdge, request: ApiRequest): Promise<Fields> {
  const { labels, query, body } = request;
  const parent = labels['parent'] ?? '';
  if (!/\/locations\/[a-z]+-[a-z]+\d+$/.test(parent)) throw notFound(parent);
  const name = `${parent}/gateways/${checkId(query.get('gatewayId'), 'gateway_id')}`;
  if (state.gateways.has(name)) throw alreadyExists(name);
  const ofRegion = [...state.gateways.keys()].filter((one) => one.startsWith(`${parent}/`));
  if (ofRegion.length >= state.limits.gateways) throw exhausted('Gateways per region', state.limits.gateways);
  if (body['apiConfig'] === undefined) throw badRequest([{ field: 'gateway.api_config', description: 'is required' }]);
  const config = configOf(state, body['apiConfig']);
  const made: Gateway = { ...common(state, name, body), apiConfig: config.name, hostname: '', wasActive: false };
  // Kept before anything is waited for: the same name may be asked for meanwhile.
  state.gateways.set(name, made);
  made.hostname = await edge.open(name);
  return operationView(
    state.begin(name, 'create', () => {
      Object.assign(made, { state: 'ACTIVE', wasActive: true });
      edge.serve(name, config);
      return typed('Gateway', gatewayView(state, made));
    }),
  );
}

function updateGateway(state: GatewayState, edge: GatewayEdge, request: ApiRequest): Fields {
  const found = findIn(state.gateways, request);
  const fields = maskedFields(request, ['apiConfig', 'displayName', 'labels']);
  checkIdle(state, found.name);
  if ('labels' in fields) found.labels = checkLabels(fields['labels']);
  if ('displayName' in fields) found.displayName = String(fields['displayName']);
  const config = 'apiConfig' in fields ? configOf(state, fields['apiConfig']) : undefined;
  if (config) found.apiConfig = config.name;
  Object.assign(found, { state: 'UPDATING', updateTime: state.now() });
  return operationView(
    state.begin(found.name, 'update', () => {
      found.state = 'ACTIVE';
      if (config) edge.serve(found.name, config);
      return typed('Gateway', gatewayView(state, found));
    }),
  );
}
