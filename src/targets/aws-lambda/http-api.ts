import type { Api } from '@aws-sdk/client-apigatewayv2';
import { proxiedAgents } from '../../proxy.ts';
import type { LambdaContext } from './context.ts';
import { setTags } from './function-settings.ts';
import { convergeParts, type Gateway } from './http-api-parts.ts';
import { accessLogGroup, type WantedApi } from './http-api-wanted.ts';
import { ensureLogGroup } from './log-group.ts';
import { ownerTag } from './names.ts';
import { isMissing } from './refusal.ts';
import type { FunctionState } from './state.ts';

/**
 * Tag on a function that has, or may have, an HTTP API, so that the API is found when the settings no longer name one.
 */
export const apiTag = 'coldgate:http-api';
/** Tag on the API with the digest of its settings; written last. */
const digestTag = 'coldgate:settings';

async function openGateway({ settings }: LambdaContext): Promise<Gateway> {
  const sdk = await import('@aws-sdk/client-apigatewayv2');
  return {
    sdk,
    client: new sdk.ApiGatewayV2Client({ region: settings.region, maxAttempts: 1, requestHandler: proxiedAgents() }),
  };
}

/** APIs of the function, oldest first; identified by a tag, since names of APIs are not unique. */
async function listApis(context: LambdaContext, { sdk, client }: Gateway, name: string): Promise<Api[]> {
  const all: Api[] = [];
  let NextToken: string | undefined;
  do {
    const page = await context.calls.withRetry((options) =>
      client.send(new sdk.GetApisCommand({ MaxResults: '500', NextToken }), options),
    );
    all.push(...(page.Items ?? []));
    NextToken = page.NextToken;
  } while (NextToken);
  const age = ({ CreatedDate, ApiId = '' }: Api): string => `${CreatedDate?.toISOString() ?? ''} ${ApiId}`;
  return all.filter(({ Tags }) => Tags?.[ownerTag] === name).sort((a, b) => (age(a) < age(b) ? -1 : 1));
}

/** The function's HTTP API, by its tag. */
export async function findApi(context: LambdaContext, name: string): Promise<Api | undefined> {
  return (await listApis(context, await openGateway(context), name))[0];
}

/** Whether nothing about it has to be looked at. */
export const isSettled = (api: Api | undefined, { digest }: WantedApi): boolean => api?.Tags?.[digestTag] === digest;

/**
 * The function's API with routes, authorizer, CORS and stage as wanted; `permit` is run before it is called done, with the
 * API's id. Returns the API.
 */
export async function ensureApi(
  context: LambdaContext,
  state: FunctionState,
  wanted: WantedApi,
  permit: (id: string) => Promise<unknown>,
): Promise<Api> {
  await setTags(context, state, { [apiTag]: 'yes' });
  const gateway = await openGateway(context);
  const api = state.api ?? (await createApi(context, gateway, state, wanted));
  const id = api.ApiId ?? '';
  await ensureLogGroup(context, accessLogGroup(state.name));
  await permit(id);
  await convergeParts(context, gateway, api, wanted);
  const { sdk, client } = gateway;
  const ResourceArn = `arn:${state.arn.split(':')[1]}:apigateway:${context.settings.region}::/apis/${id}`;
  const Tags = { ...wanted.tags, [ownerTag]: state.name, [digestTag]: wanted.digest };
  await context.calls.withRetry((options) => client.send(new sdk.TagResourceCommand({ ResourceArn, Tags }), options));
  return api;
}

/** Makes it. Two runs may both do so; they then agree on the older one, and the other is taken away again. */
async function createApi(
  context: LambdaContext,
  gateway: Gateway,
  { name }: FunctionState,
  wanted: WantedApi,
): Promise<Api> {
  const { sdk, client } = gateway;
  context.log.info(`Creating the HTTP API ${name}.`);
  const Tags = { ...wanted.tags, [ownerTag]: name };
  const make = new sdk.CreateApiCommand({ Name: name, ProtocolType: 'HTTP', CorsConfiguration: wanted.cors, Tags });
  await context.calls.withRetry((options) => client.send(make, options));
  const [first, ...later] = await listApis(context, gateway, name);
  for (const { ApiId } of later) await deleteApi(context, gateway, ApiId);
  if (!first) throw new Error(`The HTTP API ${name} is gone again.`);
  return first;
}

async function deleteApi(context: LambdaContext, { sdk, client }: Gateway, ApiId: string | undefined): Promise<void> {
  try {
    await context.calls.withRetry((options) => client.send(new sdk.DeleteApiCommand({ ApiId }), options));
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** The ids of the function's APIs, as `removeApis` would find them. */
export const apisOf = async (context: LambdaContext, name: string): Promise<string[]> =>
  (await listApis(context, await openGateway(context), name)).map(({ ApiId = '' }) => ApiId);

/** Takes every API of the function away, with all that is in it. Returns their ids. */
export async function removeApis(context: LambdaContext, name: string): Promise<string[]> {
  const gateway = await openGateway(context);
  const all = await listApis(context, gateway, name);
  for (const { ApiId } of all) await deleteApi(context, gateway, ApiId);
  return all.map(({ ApiId = '' }) => ApiId);
}
