import type { LambdaContext } from './context.ts';
import { setTags } from './function-settings.ts';
import { ownerTag } from './names.ts';
import { domainTag, ensureDomain, leaveDomains } from './rest-api-domain.ts';
import { ensurePlans, hasGivenKeys, removePlans } from './rest-api-plans.ts';
import { ensureStage, stageOf } from './rest-api-stage.ts';
import type { WantedRestApi } from './rest-api-wanted.ts';
import { askRest, goneRest, listRest, type RestApi } from './rest-calls.ts';
import type { FunctionState } from './state.ts';
import { ensureFirewall, webAclTag } from './web-acl.ts';

/** Tag on a function that has, or may have, a REST API, so that it is found when the settings no longer name one. */
export const restTag = 'coldgate:rest-api';
/** Tag on the API with the digest of its settings; written last. */
const digestTag = 'coldgate:settings';

const ageOf = ({ createdDate = 0, id = '' }: RestApi): string =>
  `${new Date(typeof createdDate === 'number' ? createdDate * 1000 : createdDate).toISOString()} ${id}`;

/** REST APIs of the function, oldest first; identified by a tag, since their names are not unique. */
async function listRestApis(context: LambdaContext, name: string): Promise<RestApi[]> {
  const all = await listRest<RestApi>(context, '/restapis');
  return all.filter(({ tags }) => tags?.[ownerTag] === name).sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));
}

/** The function's REST API, by its tag. */
export const findRestApi = async (context: LambdaContext, name: string): Promise<RestApi | undefined> =>
  (await listRestApis(context, name))[0];

/** Whether nothing about it has to be looked at, but for keys whose values are not AWS's own. */
export const isSettledRest = async (
  context: LambdaContext,
  api: RestApi | undefined,
  wanted: WantedRestApi,
  name: string,
): Promise<boolean> => api?.tags?.[digestTag] === wanted.digest && (await hasGivenKeys(context, name, wanted.plans));

/**
 * The function's REST API as wanted. Its stage is never recreated: plans, web ACL and settings of methods would fall off.
 * A kill between any two calls leaves what the next run finds and goes on with.
 * @param permit lets the API invoke the alias; run before it is called done
 */
export async function ensureRestApi(
  context: LambdaContext,
  state: FunctionState,
  wanted: WantedRestApi,
  permit: (id: string) => Promise<unknown>,
): Promise<RestApi> {
  await setTags(context, state, { [restTag]: 'yes' });
  const api = state.restApi ?? (await createRestApi(context, state.name, wanted));
  state.restApi = api;
  const { id = '' } = api;
  await permit(id);
  const known = await stageOf(context, id, wanted.stage);
  // Callers of a host that is about to close have their domain before that.
  const early = known && (await ensureDomain(context, state, id, wanted));
  await ensureStage(context, id, wanted, known);
  await ensurePlans(context, state.name, id, wanted);
  const firewall = await ensureFirewall(context, api, wanted, state.arn.split(':')[1] ?? 'aws');
  const domain = early ?? (await ensureDomain(context, state, id, wanted));
  const marks = { [ownerTag]: state.name, [webAclTag]: firewall, [domainTag]: domain, [digestTag]: wanted.digest };
  await tagRest(context, api, { ...wanted.tags, ...marks });
  return api;
}

/** Sets tags; others stay. */
export async function tagRest(context: LambdaContext, api: RestApi, tags: Record<string, string>): Promise<void> {
  const { region } = context.settings;
  const arn = `arn:${partitionOf(region)}:apigateway:${region}::/restapis/${api.id}`;
  await askRest(context, 'PUT', `/tags/${encodeURIComponent(arn)}`, { tags });
  api.tags = { ...api.tags, ...tags };
}

const partitionOf = (region: string): string =>
  region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';

/** Makes it. Two runs may both do so; they then agree on the older one, and the other is taken away again. */
async function createRestApi(context: LambdaContext, name: string, wanted: WantedRestApi): Promise<RestApi> {
  context.log.info(`Creating the REST API ${name}.`);
  await askRest(context, 'POST', '/restapis', {
    name,
    endpointConfiguration: { types: ['REGIONAL'] },
    binaryMediaTypes: ['*/*'],
    tags: { ...wanted.tags, [ownerTag]: name },
  });
  const [first, ...later] = await listRestApis(context, name);
  for (const { id = '' } of later) await goneRest(context, `/restapis/${id}`);
  if (!first) throw new Error(`The REST API ${name} is gone again.`);
  return first;
}

/** What goes with the function's REST APIs, in words. */
export const restApisOf = async (context: LambdaContext, name: string): Promise<string[]> =>
  (await listRestApis(context, name)).map(({ id = '' }) => id);

/**
 * Takes every REST API of the function away, with its plans, its keys and what a domain maps to it. Returns their ids.
 * @param marked whether the function says that it has one; its plans may then be left of one that someone has deleted
 */
export async function removeRestApis(context: LambdaContext, name: string, marked: boolean): Promise<string[]> {
  const all = await listRestApis(context, name);
  if (marked || all.length > 0) await removePlans(context, name);
  for (const api of all) await leaveDomains(context, api, name);
  for (const { id = '' } of all) await goneRest(context, `/restapis/${id}`);
  return all.map(({ id = '' }) => id);
}
