import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import type { ArmOperation, ArmReply, ArmRequest } from '../arm.ts';
import { refused } from '../arm-error.ts';
import { importDocument } from './document.ts';
import type { Api, ApimState, Revision } from './state.ts';

const missing = (what: string) => refused(404, 'ResourceNotFound', `${what} not found.`);
const invalid = (message: string) => refused(400, 'ValidationError', message);

/** APIs, revisions, releases and policies. */
export function apiOperations(state: ApimState): Record<string, ArmOperation> {
  const found = ({ labels }: ArmRequest) => {
    const one = state.find(labels['apiId'] ?? '');
    if (!one) throw missing(`API ${labels['apiId']}`);
    return one;
  };
  return {
    api_get: { answer: (request) => shown(state, request.path, found(request)) },
    api_createOrUpdate: { answer: (request) => putApi(state, request) },
    api_delete: { answer: (request) => deleteApi(state, request) },
    apiOperation_listByApi: {
      answer: (request) => ({ status: 200, body: { value: found(request).revision.operations } }),
    },
    apiRevision_listByService: { answer: (request) => listRevisions(state, found(request).api, request) },
    ...releaseOperations(state, found),
    apiPolicy_get: {
      answer(request) {
        const { policy } = found(request).revision;
        if (!policy) throw missing('Policy');
        const properties = { format: request.query.get('format') ?? 'xml', value: policy.value };
        return { status: 200, headers: etagOf(state, request), body: { name: 'policy', properties } };
      },
    },
    apiPolicy_delete: {
      answer(request) {
        const { api, revision } = found(request);
        state.checkIdle(api);
        if (!revision.policy) return { status: 204 };
        state.checkMatch(request.path, ifMatchOf(request));
        revision.policy = undefined;
        return { status: 200 };
      },
    },
    apiPolicy_createOrUpdate: {
      answer(request) {
        const { api, revision } = found(request);
        state.checkIdle(api);
        if (revision.policy) state.checkMatch(request.path, ifMatchOf(request));
        const { format, value } = fieldsOf(request.body['properties']);
        if (format !== 'xml') throw invalid(`format ${String(format)}: the stand-in reads xml`);
        const status = revision.policy ? 200 : 201;
        revision.policy = { value: String(value), read: state.readPolicy(String(value)) };
        return { status, headers: { etag: state.touch(request.path) }, body: { name: 'policy' } };
      },
    },
  };
}

const ifMatchOf = ({ headers }: ArmRequest): string | undefined => headers['if-match'] as string | undefined;
const etagOf = (state: ApimState, { path }: ArmRequest) => ({ etag: state.etag(path) });

function shown(state: ApimState, path: string, { api, revision }: { api: Api; revision: Revision }): ArmReply {
  const isCurrent = revision.number === api.current;
  const properties = {
    ...revision.properties,
    ...{ apiRevision: revision.number, isCurrent, isOnline: true, provisioningState: null },
    ...{ apiVersion: '', subscriptionKeyParameterNames: null, authenticationSettings: null },
  };
  const name = path.slice(path.lastIndexOf('/') + 1);
  const body = { id: `${state.id}/apis/${name}`, type: 'Microsoft.ApiManagement/service/apis', name, properties };
  return { status: 200, headers: { etag: state.etag(path) }, body };
}

function listRevisions(state: ApimState, api: Api, { path, query }: ArmRequest): ArmReply {
  const value = [...api.revisions.values()].reverse().map((one) => ({
    ...{ apiId: `/apis/${api.id};rev=${one.number}`, apiRevision: one.number, createdDateTime: one.createdAt },
    ...{ description: one.properties['apiRevisionDescription'] ?? null, isOnline: true },
    ...{ privateUrl: `/${api.path};rev=${one.number}`, isCurrent: one.number === api.current },
  }));
  const { pageSize } = state.azure.knobs;
  const from = Number(query.get('$skip') ?? 0);
  const next = new URLSearchParams({ ...Object.fromEntries(query), $skip: String(from + pageSize) });
  const nextLink = from + pageSize < value.length ? `${state.azure.urlOf('ARM')}${path}?${next}` : null;
  return { status: 200, body: { value: value.slice(from, from + pageSize), count: value.length, nextLink } };
}

async function putApi(state: ApimState, request: ArmRequest): Promise<ArmReply> {
  const { labels, path, body } = request;
  const [id = '', number] = (labels['apiId'] ?? '').split(';rev=');
  const known = state.apis.get(id.toLowerCase());
  state.checkIdle(known);
  const existing = state.find(labels['apiId'] ?? '')?.revision;
  if (existing) state.checkMatch(path, ifMatchOf(request));
  const { value, format, sourceApiId, ...properties } = fieldsOf(body['properties']);
  if (format !== 'openapi+json') throw invalid(`format ${String(format)}: the stand-in imports openapi+json`);
  const { operations, problems } = await importDocument(String(value));
  if (problems.length > 0) throw invalid(`Parsing error(s): ${problems.join('; ')}`);
  const source = checkSource(state, { known, number, existing, sourceApiId, properties });
  const revision: Revision = {
    ...{ number: number ?? known?.current ?? '1', properties, operations },
    policy: existing?.policy ?? source?.policy,
    createdAt: existing?.createdAt ?? state.now(),
  };
  const api: Api = known ?? newApi(id, revision, properties);
  state.apis.set(id.toLowerCase(), api);
  api.revisions.set(revision.number, revision);
  state.touch(path);
  const answer = shown(state, path, { api, revision });
  // Whether an import takes its time is the service's to choose.
  if (state.azure.knobs.looks === 0) return { ...answer, status: existing ? 200 : 201 };
  api.busy = state.azure.operations.begin(() => answer.body);
  const accepted = state.azure.operations.accepted(api.busy, state.id, answer.body);
  // Microsoft's client for Python takes 201 alone for what is new, which says by a header that it goes on.
  return existing ? accepted : { ...accepted, status: 201 };
}

const newApi = (id: string, { number }: Revision, { path }: Fields): Api => ({
  ...{ id, path: String(path), current: number, busy: undefined },
  ...{ revisions: new Map(), releases: new Map() },
});

interface Wanted {
  known: Api | undefined;
  number: string | undefined;
  existing: Revision | undefined;
  sourceApiId: unknown;
  properties: Fields;
}

/** The revision that a new one is a copy of, policy included. Throws ArmError for what does not fit the others. */
function checkSource(state: ApimState, wanted: Wanted): Revision | undefined {
  const { known, number, existing, sourceApiId, properties } = wanted;
  const { path, apiRevision, protocols, displayName } = properties;
  // Others leave out what an imported document says.
  const isWhole = state.azure.knobs.lenient || (displayName && Array.isArray(protocols));
  if (!path || !isWhole) throw invalid('displayName, path and protocols are required');
  if (number !== undefined && apiRevision !== number)
    throw invalid(`apiRevision ${String(apiRevision)} is not ${number}`);
  const other = [...state.apis.values()].find((one) => one !== known && one.path === path);
  if (other) throw invalid(`Cannot create API with the same Path '${String(path)}' as API '${other.id}'`);
  if (known && known.path !== path) throw invalid('All revisions of an API have the same path');
  if (number === undefined || existing) return undefined;
  const source = state.find(String(sourceApiId).split('/apis/').at(-1) ?? '');
  if (!known || !source || source.api !== known)
    throw invalid('sourceApiId: expected the API that it is a revision of');
  return source.revision;
}

/** Removal takes its time; that the current revision cannot go alone is told at its end. */
function deleteApi(state: ApimState, request: ArmRequest): ArmReply {
  const { labels, path, query } = request;
  const [id = '', number] = (labels['apiId'] ?? '').split(';rev=');
  const found = state.find(labels['apiId'] ?? '');
  if (!found) return { status: 204 };
  const { api, revision } = found;
  state.checkIdle(api);
  state.checkMatch(path, ifMatchOf(request));
  const isWhole = query.get('deleteRevisions') === 'true';
  const isRefused = !isWhole && revision.number === api.current && (number !== undefined || api.revisions.size > 1);
  const message = 'Cannot delete the current revision of an API.';
  const failed = isRefused ? { code: 'ValidationError', message } : undefined;
  if (!isRefused && (isWhole || number === undefined)) {
    state.apis.delete(id.toLowerCase());
    for (const apis of state.products.values()) apis.delete(api.id);
  } else if (!isRefused) api.revisions.delete(revision.number);
  if (state.azure.knobs.looks === 0) {
    if (failed) throw invalid(message);
    return { status: 200 };
  }
  const operation = state.azure.operations.begin(() => ({}), failed);
  api.busy = operation;
  return state.azure.operations.accepted(operation, state.id);
}

function releaseOperations(
  state: ApimState,
  found: (request: ArmRequest) => { api: Api },
): Record<string, ArmOperation> {
  return {
    apiRelease_listByService: {
      answer(request) {
        const { releases } = found(request).api;
        const value = [...releases.values()].map(({ name, apiId, notes, createdAt }) => ({
          ...{ name, properties: { apiId, notes, createdDateTime: createdAt } },
        }));
        return { status: 200, body: { value, count: value.length } };
      },
    },
    apiRelease_createOrUpdate: {
      answer(request) {
        const { api } = found(request);
        state.checkIdle(api);
        const name = request.labels['releaseId'] ?? '';
        const { apiId, notes } = fieldsOf(request.body['properties']);
        const revision = state.find(String(apiId).split('/apis/').at(-1) ?? '');
        if (revision?.api !== api) throw invalid(`apiId ${String(apiId)} is no revision of ${api.id}`);
        const known = api.releases.get(name);
        if (known) state.checkMatch(request.path, ifMatchOf(request));
        // What is released again under the same name is only renamed.
        else api.current = revision.revision.number;
        api.releases.set(name, {
          ...{ name, apiId: String(apiId), notes: String(notes ?? '') },
          createdAt: known?.createdAt ?? state.now(),
        });
        return { status: known ? 200 : 201, headers: { etag: state.touch(request.path) }, body: { name } };
      },
    },
  };
}
