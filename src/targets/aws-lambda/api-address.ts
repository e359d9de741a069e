import type { Address } from '../../rollout/platform.ts';
import type { DeployRequest } from '../../rollout/target.ts';
import { batchPermits } from './batch.ts';
import type { LambdaContext } from './context.ts';
import { setTags } from './function-settings.ts';
import { apiTag, ensureApi, isSettled, removeApis } from './http-api.ts';
import { wantedApi } from './http-api-wanted.ts';
import { ensureRestApi, isSettledRest, removeRestApis, restTag } from './rest-api.ts';
import { wantedRestApi } from './rest-api-wanted.ts';
import { type RestApi, restUrl } from './rest-calls.ts';
import type { FunctionState } from './state.ts';
import { ensureStatements } from './statements.ts';

/** An API of a kind that the settings no longer ask for ends. */
export async function removeOtherApis(context: LambdaContext, state: FunctionState): Promise<boolean> {
  const { endpoint } = context.settings;
  const before = { ...state.tags };
  if (endpoint !== 'http-api' && before[apiTag] === 'yes') {
    await removeApis(context, state.name);
    await setTags(context, state, { [apiTag]: 'no' });
  }
  if (endpoint !== 'rest-api' && before[restTag] === 'yes') {
    await removeRestApis(context, state.name, true);
    await setTags(context, state, { [restTag]: 'no' });
  }
  return [apiTag, restTag].some((tag) => before[tag] !== state.tags[tag]);
}

/** Origins of browsers, as the handler has them. */
const originsOf = (request: DeployRequest | undefined): string[] =>
  (request?.settings.handlerVariables['COLDGATE_CORS'] ?? '').split(',').filter((origin) => origin !== '');

interface Before {
  recheck: boolean;
  /** Whether another way was closed. */
  changed: boolean;
}

/** Through an HTTP API, made as the settings have it; without a request an existing one is left as it is. */
export async function throughApi(
  context: LambdaContext,
  state: FunctionState,
  request: DeployRequest | undefined,
  { recheck, changed }: Before,
): Promise<Address> {
  const found = state.api?.ApiEndpoint;
  if (!request && found !== undefined) return { url: found, changed };
  const api = wantedApi(context.settings, state, originsOf(request));
  if (!recheck && isSettled(state.api, api)) return { url: found ?? '', changed };
  const made = await ensureApi(context, state, api, (id) => permitApi(context, state, `${id}/*/*`));
  return { url: made.ApiEndpoint ?? '', changed: true };
}

/** The same through a REST API. */
export async function throughRestApi(
  context: LambdaContext,
  state: FunctionState,
  request: DeployRequest | undefined,
  { recheck, changed }: Before,
): Promise<Address> {
  const { restApi, name } = state;
  if (!request && restApi) return { url: restUrl(context, restApi, name), changed };
  if (request) context.served.set(name, request.version);
  const wanted = wantedRestApi(context.settings, state, originsOf(request));
  if (!recheck && (await isSettledRest(context, restApi, wanted, name)))
    return { url: restUrl(context, restApi as RestApi, name), changed };
  const made = await ensureRestApi(context, state, wanted, (id) => permitApi(context, state, `${id}/*/*/*`));
  return { url: restUrl(context, made, name), changed: true };
}

/** Lets an API alone invoke the alias, beside the bucket of uploads. @param what its id, and its stages and routes */
function permitApi(context: LambdaContext, state: FunctionState, what: string): Promise<boolean> {
  const [, partition, , region, account] = state.arn.split(':');
  return ensureStatements(context, state, context.settings.alias, {
    ...batchPermits(context, state),
    'coldgate-api': {
      Action: 'lambda:InvokeFunction',
      Principal: 'apigateway.amazonaws.com',
      SourceArn: `arn:${partition}:execute-api:${region}:${account}:${what}`,
    },
  });
}
