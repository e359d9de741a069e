import { randomBytes } from 'node:crypto';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import type { ArmOperation, ArmReply, ArmRequest } from '../arm.ts';
import { refused } from '../arm-error.ts';
import type { ApimState } from './state.ts';

/** The service, and what its APIs use: backends, named values, products, subscriptions. */
export function partOperations(state: ApimState): Record<string, ArmOperation> {
  return {
    apiManagementService_get: {
      answer({ labels }) {
        if (labels['serviceName'] !== state.name) throw missing(`Service ${labels['serviceName']}`);
        const sku = { name: state.tier, capacity: state.tier === 'Consumption' ? 0 : 1 };
        const properties = { gatewayUrl: state.gatewayUrl, provisioningState: 'Succeeded', additionalLocations: null };
        return { status: 200, body: { id: state.id, name: state.name, location: 'West Europe', sku, properties } };
      },
    },
    ...kindOf(state, { kind: 'backends', name: 'backend', label: 'backendId' }),
    ...kindOf(state, { kind: 'namedValues', name: 'namedValue', label: 'namedValueId' }),
    ...productOperations(state),
    ...subscriptionOperations(state),
  };
}

const missing = (what: string) => refused(404, 'ResourceNotFound', `${what} not found.`);
const ifMatchOf = ({ headers }: ArmRequest): string | undefined => headers['if-match'] as string | undefined;

interface Kind {
  kind: 'backends' | 'namedValues';
  name: string;
  label: string;
}

/** Ids come back as they were sent, values of secrets not at all, and what is not set as null. */
function kindOf(state: ApimState, { kind, name, label }: Kind): Record<string, ArmOperation> {
  const all = state[kind];
  const shown = ({ labels, path }: ArmRequest, status = 200): ArmReply => {
    const id = labels[label] ?? '';
    const fields = all.get(id);
    if (!fields) throw missing(`${name} ${id}`);
    const { value, ...rest } = fields;
    const isSecret = kind === 'namedValues' && fields['secret'] === true;
    const properties = { ...rest, ...(!isSecret && { value }), description: rest['description'] ?? null };
    return { status, headers: { etag: state.etag(path) }, body: { id: path, name: id, properties } };
  };
  return {
    [`${name}_get`]: { answer: (request) => shown(request) },
    [`${name}_createOrUpdate`]: {
      answer(request) {
        const id = request.labels[label] ?? '';
        const isThere = all.has(id);
        if (isThere) state.checkMatch(request.path, ifMatchOf(request));
        const properties = fieldsOf(request.body['properties']);
        checkFields(state, kind, id, properties);
        all.set(id, properties);
        state.touch(request.path);
        return shown(request, isThere ? 200 : 201);
      },
    },
    [`${name}_delete`]: {
      answer(request) {
        const id = request.labels[label] ?? '';
        if (!all.has(id)) return { status: 204 };
        state.checkMatch(request.path, ifMatchOf(request));
        const users = state.usersOf(kind, id);
        if (users.length > 0) {
          const message = `The ${name} '${id}' is used by the following entities:\r\n${users.join('\r\n')}`;
          throw refused(400, 'ValidationError', message);
        }
        all.delete(id);
        return { status: 200 };
      },
    },
  };
}

function checkFields(state: ApimState, kind: Kind['kind'], id: string, properties: Fields): void {
  if (kind === 'backends') {
    if (!URL.canParse(String(properties['url']))) throw refused(400, 'ValidationError', 'url: expected a URL');
    const named = [...JSON.stringify(properties).matchAll(/\{\{([^}]*)\}\}/g)].map(([, name = '']) => name);
    const unknown = named.find((name) => state.valueOf(name) === undefined);
    if (unknown !== undefined) throw refused(400, 'ValidationError', `Cannot find a property '${unknown}'`);
    return;
  }
  const { displayName, value } = properties;
  if (!displayName || value === undefined) throw refused(400, 'ValidationError', 'displayName and value are required');
  const other = [...state.namedValues].find(([one, fields]) => one !== id && fields['displayName'] === displayName);
  if (other) throw refused(400, 'ValidationError', `displayName '${String(displayName)}' is taken by ${other[0]}`);
}

function productOperations(state: ApimState): Record<string, ArmOperation> {
  const apisOf = ({ labels }: ArmRequest) => {
    const apis = state.products.get(labels['productId'] ?? '');
    if (!apis) throw missing(`Product ${labels['productId']}`);
    return apis;
  };
  return {
    productApi_listByProduct: {
      answer: (request) => ({ status: 200, body: { value: [...apisOf(request)].map((name) => ({ name })) } }),
    },
    productApi_createOrUpdate: {
      answer(request) {
        const apis = apisOf(request);
        const found = state.find(request.labels['apiId'] ?? '');
        if (!found) throw missing(`API ${request.labels['apiId']}`);
        state.checkIdle(found.api);
        const status = apis.has(found.api.id) ? 200 : 201;
        apis.add(found.api.id);
        return { status, body: { name: found.api.id } };
      },
    },
    productApi_delete: {
      answer: (request) => ({ status: apisOf(request).delete(request.labels['apiId'] ?? '') ? 200 : 204 }),
    },
  };
}

function subscriptionOperations(state: ApimState): Record<string, ArmOperation> {
  const found = ({ labels }: ArmRequest) => {
    const one = state.subscriptions.get(labels['sid'] ?? '');
    if (!one) throw missing(`Subscription ${labels['sid']}`);
    return one;
  };
  return {
    subscription_get: {
      answer: (request) => ({
        status: 200,
        body: { name: request.labels['sid'], properties: { ...found(request).properties, primaryKey: null } },
      }),
    },
    subscription_createOrUpdate: {
      answer({ labels, body }) {
        const id = labels['sid'] ?? '';
        const properties = fieldsOf(body['properties']);
        const scope = String(properties['scope']);
        const [, api] = /\/apis\/([^/]+)$/.exec(scope) ?? [];
        if (!properties['displayName']) throw refused(400, 'ValidationError', 'displayName is required');
        if (api !== undefined && !state.find(api)) throw refused(400, 'ValidationError', `scope ${scope} is not there`);
        const key = () => randomBytes(16).toString('hex');
        const keys = state.subscriptions.get(id)?.keys ?? [key(), key()];
        const status = state.subscriptions.has(id) ? 200 : 201;
        state.subscriptions.set(id, { scope, state: String(properties['state'] ?? 'submitted'), properties, keys });
        return { status, body: { name: id, properties } };
      },
    },
    subscription_listSecrets: {
      answer(request) {
        const [primaryKey, secondaryKey] = found(request).keys;
        return { status: 200, body: { primaryKey, secondaryKey } };
      },
    },
    subscription_delete: {
      answer: ({ labels }) => ({ status: state.subscriptions.delete(labels['sid'] ?? '') ? 200 : 204 }),
    },
  };
}
