import {
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteFunctionUrlConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import { batchPermits, concernsBatch } from './batch.ts';
import { setTags } from './function-settings.ts';
import { apiTag, ensureApi, isSettled, removeApis } from './http-api.ts';
import { wantedApi } from './http-api-wanted.ts';
import { isCandidateAlias } from './names.ts';
import type { FunctionState } from './observe.ts';
import { isMissing } from './refusal.ts';
import { ensureStatements, type Permit, publicPermits } from './statements.ts';
import type { Wanted } from './wanted.ts';
import type { World } from './world.ts';

/** Where an alias answers, and whether that had to be changed now: AWS takes a while to know of it everywhere. */
export interface Address {
  url: string;
  changed: boolean;
}

/** Points the alias to the version, if it does not; on the revision that was seen. Answers whether it had to. */
export async function ensureAlias(world: World, state: FunctionState, alias: string, number: string): Promise<boolean> {
  const known = state.aliases.get(alias);
  const place = { FunctionName: state.name, Name: alias, FunctionVersion: number };
  // A moved alias keeps an empty map of weights.
  const shared = Object.keys(known?.RoutingConfig?.AdditionalVersionWeights ?? {}).length > 0;
  if (known?.FunctionVersion === number && !shared) return false;
  const RoutingConfig = { AdditionalVersionWeights: {} };
  const moved = known
    ? await world.calls.send(new UpdateAliasCommand({ ...place, RoutingConfig, RevisionId: known.RevisionId }))
    : await world.calls.send(new CreateAliasCommand(place));
  state.aliases.set(alias, moved);
  return true;
}

/** How callers reach an alias. An HTTP API is the live one's; candidates then have a URL, so that they touch no live API. */
export const wayTo = ({ settings }: World, alias: string): 'function-url' | 'http-api' | 'none' =>
  settings.endpoint === 'http-api' && isCandidateAlias(alias) ? 'function-url' : settings.endpoint;

/**
 * The alias' own address with who may call it; only what is missing or different is changed.
 * @param wanted what is deployed; without it an HTTP API that is there is left as it is
 * @param anew look at all of it, although it says that it is as wanted
 */
export async function ensureAddress(
  world: World,
  state: FunctionState,
  alias: string,
  wanted?: Wanted,
  anew = false,
): Promise<Address> {
  const way = wayTo(world, alias);
  let changed = false;
  if (way !== 'function-url' && state.urls.has(alias)) changed = await closeAddress(world, state, alias);
  if (way === 'http-api') return throughApi(world, state, wanted, { anew, changed });
  if (!isCandidateAlias(alias) && state.tags[apiTag] === 'yes') {
    await removeApis(world, state.name);
    changed = await setTags(world, state, { [apiTag]: 'no' });
  }
  const permits = isCandidateAlias(alias) ? {} : batchPermits(world, state);
  if (way === 'none') {
    const permitted = concernsBatch(world, state) && (await ensureStatements(world, state, alias, permits));
    return { url: `${state.arn}:${alias}`, changed: changed || permitted };
  }
  return throughUrl(world, state, alias, permits, changed);
}

async function throughUrl(
  world: World,
  state: FunctionState,
  alias: string,
  permits: Record<string, Permit>,
  before: boolean,
): Promise<Address> {
  const { auth } = world.settings;
  const place = { FunctionName: state.name, Qualifier: alias };
  const AuthType = auth === 'none' ? 'NONE' : 'AWS_IAM';
  const known = state.urls.get(alias);
  let url = known?.FunctionUrl;
  if (!known) {
    const made = await world.calls.send(new CreateFunctionUrlConfigCommand({ ...place, AuthType }));
    url = made.FunctionUrl;
  } else if (known.AuthType !== AuthType) {
    await world.calls.send(new UpdateFunctionUrlConfigCommand({ ...place, AuthType }));
  }
  const all = { ...(auth === 'none' && publicPermits), ...permits };
  const permitted = await ensureStatements(world, state, alias, all);
  return { url: (url ?? '').replace(/\/$/, ''), changed: before || known?.AuthType !== AuthType || permitted };
}

async function throughApi(
  world: World,
  state: FunctionState,
  wanted: Wanted | undefined,
  { anew, changed }: { anew: boolean; changed: boolean },
): Promise<Address> {
  const { alias } = world.settings;
  const found = state.api?.ApiEndpoint;
  if (!wanted && found !== undefined) return { url: found, changed };
  const cors = (wanted?.variables['COLDGATE_CORS'] ?? '').split(',').filter((origin) => origin !== '');
  const api = wantedApi(world.settings, state, cors);
  if (!anew && isSettled(state.api, api)) return { url: found ?? '', changed };
  const [, partition, , region, account] = state.arn.split(':');
  const made = await ensureApi(world, state, api, (id) =>
    ensureStatements(world, state, alias, {
      ...batchPermits(world, state),
      'coldgate-api': {
        Action: 'lambda:InvokeFunction',
        Principal: 'apigateway.amazonaws.com',
        SourceArn: `arn:${partition}:execute-api:${region}:${account}:${id}/*/*`,
      },
    }),
  );
  return { url: made.ApiEndpoint ?? '', changed: true };
}

async function closeAddress(world: World, state: FunctionState, alias: string): Promise<boolean> {
  const place = { FunctionName: state.name, Qualifier: alias };
  await gone(world.calls.send(new DeleteFunctionUrlConfigCommand(place)));
  await ensureStatements(world, state, alias, {});
  return true;
}

/** Takes an alias away with its address and its permissions; those first, since without it they could not be found. */
export async function removeAlias(world: World, state: FunctionState, alias: string): Promise<void> {
  if (state.urls.has(alias)) await closeAddress(world, state, alias);
  else await ensureStatements(world, state, alias, {});
  await gone(world.calls.send(new DeleteAliasCommand({ FunctionName: state.name, Name: alias })));
}

/** What is gone already is as good as removed now. */
export async function gone(removing: Promise<unknown>): Promise<void> {
  try {
    await removing;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
