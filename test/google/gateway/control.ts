import type { Surface } from '../../fakes/clouds/loopback.ts';
import { alreadyExists, notFound, precondition } from '../api-error.ts';
import type { Contract } from '../contract.ts';
import { type ApiMethod, apiSurface } from '../surface.ts';
import { at, checkId, checkIdle, common, exhausted, findIn, needs, typed } from './common.ts';
import { configMethods } from './configs.ts';
import type { GatewayEdge } from './edge.ts';
import { gatewayMethods } from './gateways.ts';
import type { Api, GatewayState } from './state.ts';
import { apiView, operationView } from './views.ts';

/** API Gateway's control plane: https://cloud.google.com/api-gateway/docs/reference/rest */
export function apiGatewaySurface(state: GatewayState, edge: GatewayEdge, contract: Contract): Surface {
  return apiSurface(state.context, {
    ...{ name: 'APIGATEWAY', contract },
    methods: {
      ...apiMethods(state),
      ...configMethods(state),
      ...gatewayMethods(state, edge),
      [`${at}.operations.get`]: {
        needs: needs('apigateway.operations.get'),
        answer({ labels }) {
          const found = state.operations.get(labels['name'] ?? '');
          if (!found) throw notFound(labels['name'] ?? '');
          state.look(found.name);
          return operationView(found);
        },
      },
    },
  });
}

function apiMethods(state: GatewayState): Record<string, ApiMethod> {
  const { context } = state;
  return {
    [`${at}.apis.create`]: {
      needs: needs('apigateway.apis.create'),
      answer(request) {
        const { labels, query, body } = request;
        if (labels['parent'] !== `projects/${context.project}/locations/global`) throw notFound(labels['parent'] ?? '');
        const id = checkId(query.get('apiId'), 'api_id');
        const name = `${labels['parent']}/apis/${id}`;
        if (state.apis.has(name)) throw alreadyExists(name);
        if (state.apis.size >= state.limits.apis) throw exhausted('APIs', state.limits.apis);
        const managedService = `${id}-${state.hash()}.apigateway.${context.project}.cloud.goog`;
        const made: Api = { ...common(state, name, body), managedService };
        state.apis.set(name, made);
        // A new service is off in every project, the API's own among them.
        context.disabled.add(managedService);
        return operationView(
          state.begin(name, 'create', () => {
            made.state = 'ACTIVE';
            return typed('Api', apiView(made));
          }),
        );
      },
    },
    [`${at}.apis.get`]: {
      needs: needs('apigateway.apis.get'),
      answer(request) {
        const found = findIn(state.apis, request);
        state.look(found.name);
        return apiView(findIn(state.apis, request));
      },
    },
    [`${at}.apis.delete`]: {
      needs: needs('apigateway.apis.delete'),
      answer(request) {
        const found = findIn(state.apis, request);
        checkIdle(state, found.name);
        const held = [...state.configs.keys()].find((name) => name.startsWith(`${found.name}/`));
        if (held) throw precondition(`Cannot delete api ${found.name}: it has the config ${held}`);
        found.state = 'DELETING';
        return operationView(
          state.begin(found.name, 'delete', () => {
            state.apis.delete(found.name);
            return typed('Empty', {});
          }),
        );
      },
    },
  };
}
