import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Fields } from '../../fakes/clouds/fields.ts';
import {
  aborted,
  alreadyExists,
  badRequest,
  busy,
  exhausted,
  invalidName,
  notFound,
  otherRevision,
} from '../api-error.ts';
import type { Need } from '../context.ts';
import type { Contract } from '../contract.ts';
import type { ApiMethod, ApiRequest } from '../surface.ts';
import { type CloudRun, touch } from './cloud-run.ts';
import { filledSpec } from './defaults.ts';
import { etagOf, timeOf, versionOf } from './etag.ts';
import { serviceIdFindings, specFindings } from './limits.ts';
import { masked } from './mask.ts';
import { operationView } from './operations.ts';
import { page } from './page.ts';
import { dropTags, surplusRevisions } from './quotas.ts';
import type { Operation, Revision, Service, ServiceSpec, Template } from './record.ts';
import { serviceView } from './views.ts';

const schema = 'GoogleCloudRunV2Service';
/** What of a request is not the specification. */
const notSpec = ['name', 'etag', 'uid', 'generation'];
const isTrue = (query: URLSearchParams, name: string): boolean => query.get(name) === 'true';

/** The service of a request's name. Throws ApiError. */
export function serviceAt(run: CloudRun, name: string): Service {
  const found = run.services.get(name);
  if (!found) throw notFound(name);
  return found;
}

function specOf(body: Fields, account: string): ServiceSpec {
  const spec = Object.fromEntries(Object.entries(body).filter(([name]) => !notSpec.includes(name)));
  return filledSpec(spec as ServiceSpec, account);
}

/** Throws ApiError for a spec outside the limits. */
function checkSpec({ knobs }: CloudRun['context'], id: string, spec: ServiceSpec): void {
  const found = specFindings(id, spec);
  if (knobs.startsAtDeployment && spec.template?.healthCheckDisabled) {
    found.push({ field: 'service.template.health_check_disabled', description: 'is not supported in this project' });
  }
  if (found.length > 0) throw badRequest(found);
}

/** The account of a template must let the caller act as it, and making a service public is a permission of its own. */
function extraNeeds(run: CloudRun, name: string, body: Fields, before: Service | undefined): Need[] {
  const account = (body['template'] as Template | undefined)?.serviceAccount ?? run.context.iam.computeAccount;
  const isPublic = body['invokerIamDisabled'] === true && before?.spec.invokerIamDisabled !== true;
  return [
    ...(isPublic ? [{ permission: 'run.services.setIamPolicy', resource: name }] : []),
    ...(body['template'] === undefined
      ? []
      : [
          {
            permission: 'iam.serviceaccounts.actAs',
            resource: `projects/${run.context.project}/serviceAccounts/${account}`,
          },
        ]),
  ];
}

const nameOfNew = ({ labels, query }: ApiRequest): string =>
  `${labels['parent']}/services/${query.get('serviceId') ?? ''}`;

async function create(run: CloudRun, request: ApiRequest): Promise<Fields> {
  const { labels, query, body, caller } = request;
  const id = query.get('serviceId') ?? '';
  const name = nameOfNew(request);
  const { context } = run;
  const bad = serviceIdFindings(id);
  if (bad.length > 0) throw badRequest(bad);
  if (run.services.has(name)) throw alreadyExists(name);
  if (body['name'] !== undefined && body['name'] !== name) throw invalidName(String(body['name']));
  if (run.services.size >= context.knobs.maxServices) throw exhausted('Services', 'Services per project per region');
  const spec = specOf(body, context.iam.computeAccount);
  checkSpec(run.context, id, spec);
  const version = context.version();
  const service: Service = {
    ...{ id, name, spec, version, region: labels['parent']?.split('/')[3] ?? '', uid: randomUUID(), uri: '', urls: [] },
    ...{ createTime: timeOf(version), updateTime: timeOf(version) },
    ...{ creator: caller.principal, lastModifier: caller.principal, generation: 0, observedGeneration: 0 },
    ...{
      revisions: new Map(),
      deletedRevisions: new Set<string>(),
      latestCreated: undefined,
      latestReady: undefined,
      tagUris: new Map(),
    },
    ...{ statuses: [], routesMessage: undefined, pending: [], policy: {}, deleted: false },
  };
  if (isTrue(query, 'validateOnly')) return operationView(run, run.done(service, serviceView(service)));
  const audiences = (): string[] => [
    ...[service.uri, ...service.urls, ...(service.spec.customAudiences ?? [])],
    ...(context.knobs.tagAudience ? service.tagUris.values() : []),
  ];
  const front = { name, audiences, open: () => service.spec.invokerIamDisabled === true };
  run.services.set(name, service);
  Object.assign(service, await run.edge.open(front));
  return operationView(run, await change(run, service, spec, false));
}

/** Takes a new specification: makes a revision where the template asks for one, and begins the operation. */
async function change(run: CloudRun, service: Service, spec: ServiceSpec, force: boolean): Promise<Operation> {
  const made = revisionFor(run, service, spec, force);
  dropTags(run, service, spec);
  service.spec = spec;
  service.generation++;
  if (made) {
    made.generation = service.revisions.size + 1;
    service.revisions.set(made.short, made);
    service.latestCreated = made.short;
    for (const revision of surplusRevisions(run, service)) await run.drop(service, revision);
  }
  const tags = (spec.traffic ?? []).flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
  for (const tag of tags) service.tagUris.set(tag, await run.edge.tagUri(service.name, tag));
  return run.begin(service, made);
}

const withoutName = ({ revision: _, ...rest }: Template): unknown => rest;

/** The revision that a template makes: none when it is the latest one's. Throws ApiError for a name that is taken. */
function revisionFor(run: CloudRun, service: Service, spec: ServiceSpec, force: boolean): Revision | undefined {
  const template = spec.template ?? {};
  const named = template.revision || undefined;
  const same = (one: Revision | undefined): boolean =>
    one !== undefined && isDeepStrictEqual(withoutName(one.template), withoutName(template));
  if (named !== undefined) {
    const there = service.revisions.get(named);
    if (there && (!same(there) || force)) throw otherRevision(named);
    if (there) return undefined;
    if (run.context.knobs.deletedNamesTaken && service.deletedRevisions.has(named)) throw otherRevision(named);
  } else if (!force && same(service.revisions.get(service.latestCreated ?? ''))) return undefined;
  const number = String(service.generation + 1).padStart(5, '0');
  const short = named ?? `${service.id}-${number}-${randomUUID().replaceAll('-', '').slice(0, 3)}`;
  const version = run.context.version();
  return {
    ...{ short, name: `${service.name}/revisions/${short}`, generation: 1, uid: randomUUID(), version },
    ...{ template: structuredClone(template), createTime: timeOf(version), pool: undefined },
    ...{ state: 'pending' as const, message: undefined },
  };
}

async function patch(run: CloudRun, contract: Contract, { labels, query, body, caller }: ApiRequest): Promise<Fields> {
  const service = serviceAt(run, labels['name'] ?? '');
  checkEtag(service, body['etag']);
  if (run.context.knobs.oneChangeAtATime && service.pending.length > 0) throw busy(service.id);
  const after = masked(contract, schema, service.spec as Fields, body, query.get('updateMask'));
  const spec = specOf(after, run.context.iam.computeAccount);
  checkSpec(run.context, service.id, spec);
  const force = isTrue(query, 'forceNewRevision');
  if (isTrue(query, 'validateOnly')) {
    revisionFor(run, service, spec, force);
    return operationView(run, run.done(service, { ...serviceView(service), ...spec }));
  }
  const operation = await change(run, service, spec, force);
  touch(run.context, service, caller.principal);
  return operationView(run, operation);
}

/** Throws ApiError for an etag that is not the current one; without one the last write wins. */
export function checkEtag({ name, version }: { name: string; version: number }, requested: unknown): void {
  if (requested === undefined || requested === null || requested === '') return;
  const current = etagOf(name, version);
  if (requested !== current)
    throw aborted(name.split('/').at(-1) ?? '', versionOf(String(requested)), versionOf(current));
}

async function remove(run: CloudRun, { labels, query }: ApiRequest): Promise<Fields> {
  const service = serviceAt(run, labels['name'] ?? '');
  checkEtag(service, query.get('etag'));
  const view = serviceView(service);
  if (isTrue(query, 'validateOnly')) return operationView(run, run.done(service, view));
  run.services.delete(service.name);
  service.deleted = true;
  await run.edge.remove(service.name);
  await Promise.all(service.pending.map(({ work }) => work));
  for (const revision of [...service.revisions.values()]) await run.drop(service, revision);
  return operationView(run, run.done(service, { ...view, deleteTime: timeOf(run.context.version()) }));
}

const needs =
  (...permissions: string[]) =>
  ({ labels }: ApiRequest): Need[] =>
    permissions.map((permission) => ({ permission, resource: labels['name'] ?? labels['parent'] ?? '' }));

/** The methods of services. */
export function serviceMethods(run: CloudRun, contract: Contract): Record<string, ApiMethod> {
  const at = 'run.projects.locations.services';
  return {
    [`${at}.create`]: {
      needs: (request) => [
        { permission: 'run.services.create', resource: nameOfNew(request) },
        ...extraNeeds(run, nameOfNew(request), request.body, undefined),
      ],
      answer: (request) => create(run, request),
    },
    [`${at}.get`]: {
      needs: needs('run.services.get'),
      answer({ labels }) {
        const service = serviceAt(run, labels['name'] ?? '');
        run.lookAt(service);
        return serviceView(service);
      },
    },
    [`${at}.list`]: {
      needs: needs('run.services.list'),
      answer({ labels, query }) {
        // "Location must be a valid Google Cloud region, and cannot be the "-" wildcard."
        if (labels['parent']?.endsWith('/-')) throw invalidName(labels['parent']);
        const all = [...run.services.values()].filter(({ name }) => name.startsWith(`${labels['parent']}/services/`));
        return page('services', all.map(serviceView), query, run.context.knobs.pageSize);
      },
    },
    [`${at}.patch`]: {
      needs: (request) => [
        ...needs('run.services.update')(request),
        ...extraNeeds(run, request.labels['name'] ?? '', request.body, run.services.get(request.labels['name'] ?? '')),
      ],
      answer: (request) => patch(run, contract, request),
    },
    [`${at}.delete`]: { needs: needs('run.services.delete'), answer: (request) => remove(run, request) },
  };
}
