import { isDeepStrictEqual } from 'node:util';
import type { LambdaContext } from './context.ts';
import { ownerTag } from './names.ts';
import { ensureKeys, findKey, listKeys } from './rest-api-keys.ts';
import type { PatchOperation, WantedPlan, WantedRestApi } from './rest-api-wanted.ts';
import { askRest, goneRest, listRest } from './rest-calls.ts';

interface UsagePlan {
  id: string;
  name: string;
  apiStages?: { apiId: string; stage: string }[];
  throttle?: { rateLimit: number; burstLimit: number };
  quota?: { limit: number; period: string; offset?: number };
  tags?: Record<string, string>;
}

/** Whether the keys whose values come from variables are there with those; true where there are none such. */
export async function hasGivenKeys(
  context: LambdaContext,
  name: string,
  plans: readonly WantedPlan[],
): Promise<boolean> {
  const given = plans.flatMap(({ keys }) => keys).filter(({ valueFrom }) => valueFrom !== undefined);
  if (given.length === 0) return true;
  const there = await listKeys(context, name);
  for (const key of given) if (!(await findKey(context, there, key))) return false;
  return true;
}

/**
 * The usage plans of the function's API with their keys. What models.yaml no longer names goes, keys first: who calls by
 * one of them is turned away from then on.
 */
export async function ensurePlans(
  context: LambdaContext,
  name: string,
  apiId: string,
  { plans, stage, tags }: WantedRestApi,
): Promise<void> {
  const there = await plansOf(context, name);
  if (plans.length === 0 && there.length === 0) return;
  const keys = await ensureKeys(context, name, plans, tags);
  const ids = new Map<string, string>();
  for (const plan of plans) {
    const known = there.find((one) => one.name === plan.name);
    const place = { apiId, stage };
    ids.set(plan.name, known ? known.id : await createPlan(context, name, plan, place, tags));
    if (known) await changePlan(context, known, plan, place);
  }
  // Where the answer to a creation was lost, the plan was made twice.
  const named = new Set(ids.values());
  const isNew = [...named].some((id) => !there.some((one) => one.id === id));
  const now = isNew ? await plansOf(context, name) : there;
  for (const one of now.filter(({ id }) => !named.has(id))) await removePlan(context, one);
  await keys.join(ids);
  await keys.removeOthers();
}

const plansOf = async (context: LambdaContext, name: string): Promise<UsagePlan[]> =>
  (await listRest<UsagePlan>(context, '/usageplans')).filter(({ tags }) => tags?.[ownerTag] === name);

interface Place {
  apiId: string;
  stage: string;
}

/** Names of plans that are not there, or not for this stage. */
export async function missingPlans(
  context: LambdaContext,
  owner: string,
  { apiId, stage }: Place,
  wanted: readonly { name: string }[],
): Promise<string[]> {
  if (wanted.length === 0) return [];
  const there = (await plansOf(context, owner)).filter(({ apiStages = [] }) =>
    apiStages.some((one) => one.apiId === apiId && one.stage === stage),
  );
  return wanted.flatMap(({ name }) => (there.some((plan) => plan.name === `${owner}-${name}`) ? [] : [name]));
}

async function createPlan(
  context: LambdaContext,
  owner: string,
  { name, throttle, quota }: WantedPlan,
  place: Place,
  tags: Record<string, string>,
): Promise<string> {
  const { id } = await askRest<UsagePlan>(context, 'POST', '/usageplans', {
    name,
    apiStages: [place],
    ...(throttle && { throttle }),
    ...(quota && { quota }),
    tags: { ...tags, [ownerTag]: owner },
  });
  return id;
}

/** https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateUsagePlan-Patch */
async function changePlan(context: LambdaContext, known: UsagePlan, wanted: WantedPlan, place: Place): Promise<void> {
  const { throttle, quota } = wanted;
  const stages = known.apiStages ?? [];
  const isThere = stages.some(({ apiId, stage }) => apiId === place.apiId && stage === place.stage);
  const hasQuota = isDeepStrictEqual(
    known.quota && { limit: known.quota.limit, period: known.quota.period },
    quota && { limit: quota.limit, period: quota.period },
  );
  const replace = (path: string, value: number | string): PatchOperation => ({
    ...{ op: 'replace', path },
    value: String(value),
  });
  const patchOperations: PatchOperation[] = [
    ...stages.filter((one) => one.apiId !== place.apiId || one.stage !== place.stage).map(leaving),
    ...(isThere ? [] : [{ op: 'add', path: '/apiStages', value: `${place.apiId}:${place.stage}` } as const]),
    ...(throttle && throttle.rateLimit !== known.throttle?.rateLimit
      ? [replace('/throttle/rateLimit', throttle.rateLimit)]
      : []),
    ...(throttle && throttle.burstLimit !== known.throttle?.burstLimit
      ? [replace('/throttle/burstLimit', throttle.burstLimit)]
      : []),
    ...(quota && !hasQuota ? [replace('/quota/limit', quota.limit), replace('/quota/period', quota.period)] : []),
    ...(!quota && known.quota ? [{ op: 'remove', path: '/quota' } as const] : []),
  ];
  if (patchOperations.length > 0) await askRest(context, 'PATCH', `/usageplans/${known.id}`, { patchOperations });
}

const leaving = ({ apiId, stage }: Place): PatchOperation => ({
  ...{ op: 'remove', path: '/apiStages' },
  value: `${apiId}:${stage}`,
});

/** A plan that names a stage cannot be deleted. */
async function removePlan(context: LambdaContext, { id, apiStages = [] }: UsagePlan): Promise<void> {
  if (apiStages.length > 0)
    await askRest(context, 'PATCH', `/usageplans/${id}`, { patchOperations: apiStages.map(leaving) });
  await goneRest(context, `/usageplans/${id}`);
}

/** Takes all plans and keys of the function away. */
export async function removePlans(context: LambdaContext, name: string): Promise<void> {
  for (const { id } of await listKeys(context, name)) await goneRest(context, `/apikeys/${id}`);
  for (const plan of await plansOf(context, name)) await removePlan(context, plan);
}
