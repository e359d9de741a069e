import type { Arm, ArmOptions } from '../../azure/arm.ts';
import { isMissing } from '../../azure/failure.ts';
import { ColdgateError, exitCodes } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { pause } from '../../pause.ts';
import {
  type ApimView,
  type ApiResource,
  type BackendResource,
  currentOf,
  findRevision,
  type KeyResource,
  type RevisionResource,
} from './apim-steps.ts';
import { type ApimNames, markOf, readMark, type WantedRevision } from './apim-wanted.ts';

/** What calls are made with. */
export interface ApimAccess {
  arm: Arm;
  log: Logger;
  signal: AbortSignal;
  /** Waits between two looks at something on its way, ms; a quarter of a second that grows to five without it. */
  pollMs?: number | undefined;
  /** How long a change may take to be known to every gateway, ms; five minutes without it. */
  settlingMs?: number | undefined;
}

/** https://learn.microsoft.com/rest/api/apimanagement/ */
export const apimVersion = '2024-05-01';
const plain: ArmOptions = { apiVersion: apimVersion };
/** What PATCH and DELETE demand; whoever else has changed it, it is to go. */
export const unconditionally: ArmOptions = { ...plain, ifMatch: '*' };

const firstPauseMs = 250;
const longestPauseMs = 5000;

/** Waits before another look. @param looks how many there were */
export const poll = ({ pollMs, signal }: Pick<ApimAccess, 'pollMs' | 'signal'>, looks = 0): Promise<void> =>
  pause(pollMs ?? Math.min(longestPauseMs, firstPauseMs * 1.5 ** looks), signal);

export interface ApimService {
  /** Consumption, Developer, BasicV2, … */
  tier: string;
  /** Without a slash at its end. */
  gatewayUrl: string;
  /** As Azure writes regions in settings: `westeurope`. */
  region: string;
}

/** The service, which must exist. Throws ColdgateError `no-gateway-service` (exit 2). */
export async function findService({ arm }: ApimAccess, { service }: ApimNames): Promise<ApimService> {
  const found = await arm.find<{ sku?: { name?: string }; location?: string; properties?: { gatewayUrl?: string } }>(
    service,
    plain,
  );
  if (found) {
    const { sku, location = '', properties } = found.body;
    const gatewayUrl = (properties?.gatewayUrl ?? '').replace(/\/$/, '');
    return { tier: sku?.name ?? '', gatewayUrl, region: location.toLowerCase().replaceAll(' ', '') };
  }
  const [, group = '', name = ''] = /resourceGroups\/([^/]+)\/.*\/service\/(.+)$/.exec(service) ?? [];
  const message = `There is no API Management service ${name} in the resource group ${group}.`;
  throw new ColdgateError('no-gateway-service', exitCodes.usage, message, {
    hint: 'Correct target.gateway.service and its resource-group; Coldgate makes no service: az apim create takes minutes to an hour.',
    data: { resource: service },
  });
}

export const revisionPath = ({ apiPath }: ApimNames, revision: string): string => `${apiPath};rev=${revision}`;
export const policyPath = (names: ApimNames, revision: string): string =>
  `${revisionPath(names, revision)}/policies/policy`;
export const productPath = ({ service, api }: ApimNames, product: string): string =>
  `${service}/products/${product}/apis/${api}`;

export const findApi = async ({ arm }: ApimAccess, { apiPath }: ApimNames): Promise<ApiResource | undefined> =>
  (await arm.find<ApiResource>(apiPath, plain))?.body;

/** Every revision of an API that exists. */
export const listRevisions = ({ arm }: ApimAccess, { apiPath }: ApimNames): Promise<RevisionResource[]> =>
  arm.list<RevisionResource>(`${apiPath}/revisions`, plain);

export const findBackend = async ({ arm }: ApimAccess, { service }: ApimNames, id: string) =>
  (await arm.find<BackendResource>(`${service}/backends/${id}`, plain))?.body;

export const findKey = async ({ arm }: ApimAccess, { service }: ApimNames, id: string) =>
  (await arm.find<KeyResource>(`${service}/namedValues/${id}`, plain))?.body;

/** Everything that concerns one wanted revision. Reads only. */
export async function lookAt(access: ApimAccess, wanted: WantedRevision): Promise<ApimView> {
  const { names } = wanted;
  const [api, backend, key] = await Promise.all([
    findApi(access, names),
    findBackend(access, names, wanted.backend.id),
    findKey(access, names, wanted.key.id),
  ]);
  const none = { revisions: [], policy: undefined, products: new Set<string>(), hasSubscription: false };
  if (!api) return { api, backend, key, ...none };
  const revisions = await listRevisions(access, names);
  const marked = findRevision(revisions, markOf(wanted)) ?? currentOf(revisions);
  const [policy, products, hasSubscription] = await Promise.all([
    marked?.apiRevision === undefined ? undefined : findPolicy(access, names, marked.apiRevision),
    productsWith(access, names, revisions, wanted.product),
    wanted.takesKeys ? exists(access, `${names.service}/subscriptions/${names.subscription}`) : false,
  ]);
  return { api, backend, key, revisions, policy, products, hasSubscription };
}

async function findPolicy({ arm }: ApimAccess, names: ApimNames, revision: string): Promise<string | undefined> {
  const options = { ...plain, query: { format: 'xml' } };
  const found = await arm.find<{ properties?: { value?: string } }>(policyPath(names, revision), options);
  return found?.body.properties?.value;
}

const exists = async ({ arm }: ApimAccess, path: string): Promise<boolean> =>
  (await arm.find<unknown>(path, plain)) !== undefined;

/** Products that have the API: only those are asked that the settings or one of our revisions name. */
async function productsWith(
  { arm }: ApimAccess,
  names: ApimNames,
  revisions: readonly RevisionResource[],
  wanted: string | undefined,
): Promise<Set<string>> {
  const named = [wanted, ...revisions.map(({ description }) => readMark(description)?.product)];
  const found = new Set<string>();
  for (const product of new Set(named.filter((one) => one !== undefined))) {
    const path = `${names.service}/products/${product}/apis`;
    const apis = await arm.list<{ name?: string }>(path, plain).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    if (apis.some(({ name }) => name?.toLowerCase() === names.api.toLowerCase())) found.add(product);
  }
  return found;
}
