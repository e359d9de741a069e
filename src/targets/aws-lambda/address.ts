import {
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteFunctionUrlConfigCommand,
  type InvokeMode,
  UpdateAliasCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import { isOpenUrl } from '../../config/schema/aws-lambda.ts';
import type { Address } from '../../rollout/platform.ts';
import type { DeployRequest } from '../../rollout/target.ts';
import { removeOtherApis, throughApi, throughRestApi } from './api-address.ts';
import { batchPermits, concernsBatch } from './batch.ts';
import type { LambdaContext } from './context.ts';
import { isCandidateAlias, wayTo } from './names.ts';
import { isMissing } from './refusal.ts';
import type { FunctionState } from './state.ts';
import { ensureStatements, type Permit, publicPermits } from './statements.ts';

/** Points the alias to the version, if it does not; on the revision that was seen. Returns whether it had to. */
export async function ensureAlias(
  context: LambdaContext,
  state: FunctionState,
  alias: string,
  number: string,
): Promise<boolean> {
  const known = state.aliases.get(alias);
  const place = { FunctionName: state.name, Name: alias, FunctionVersion: number };
  // A moved alias keeps an empty map of weights.
  const shared = Object.keys(known?.RoutingConfig?.AdditionalVersionWeights ?? {}).length > 0;
  if (known?.FunctionVersion === number && !shared) return false;
  const RoutingConfig = { AdditionalVersionWeights: {} };
  const moved = known
    ? await context.calls.send(new UpdateAliasCommand({ ...place, RoutingConfig, RevisionId: known.RevisionId }))
    : await context.calls.send(new CreateAliasCommand(place));
  state.aliases.set(alias, moved);
  return true;
}

/**
 * Ensures the alias' address and its call permissions; changes only what is missing or different.
 * @param options.streams whether the version that the alias names streams its answers
 * @param options.request what is deployed; without it an existing HTTP API is left unchanged
 * @param options.recheck check all of it, although its tag says that it is as wanted
 */
export async function ensureAddress(
  context: LambdaContext,
  state: FunctionState,
  alias: string,
  { streams, request, recheck = false }: { streams: boolean; request?: DeployRequest | undefined; recheck?: boolean },
): Promise<Address> {
  const way = wayTo(context.settings, alias);
  let changed = false;
  if (way !== 'function-url' && state.urls.has(alias)) changed = await closeAddress(context, state, alias);
  if (!isCandidateAlias(alias)) changed = (await removeOtherApis(context, state)) || changed;
  if (way === 'http-api') return throughApi(context, state, request, { recheck, changed });
  if (way === 'rest-api') return throughRestApi(context, state, request, { recheck, changed });
  const permits = isCandidateAlias(alias) ? {} : batchPermits(context, state);
  if (way === 'none') {
    const permitted = concernsBatch(context, state) && (await ensureStatements(context, state, alias, permits));
    return { url: `${state.arn}:${alias}`, changed: changed || permitted };
  }
  return throughUrl(context, state, alias, { permits, streams, before: changed });
}

async function throughUrl(
  context: LambdaContext,
  state: FunctionState,
  alias: string,
  { permits, streams, before }: { permits: Record<string, Permit>; streams: boolean; before: boolean },
): Promise<Address> {
  const isOpen = isOpenUrl(context.settings);
  const place = { FunctionName: state.name, Qualifier: alias };
  const AuthType = isOpen ? 'NONE' : 'AWS_IAM';
  const known = state.urls.get(alias);
  let url = known?.FunctionUrl;
  if (!known) {
    const InvokeMode = invokeMode(streams);
    const made = await context.calls.send(new CreateFunctionUrlConfigCommand({ ...place, AuthType, InvokeMode }));
    url = made.FunctionUrl;
    state.urls.set(alias, { ...made, LastModifiedTime: made.CreationTime });
  } else if (known.AuthType !== AuthType) {
    await context.calls.send(new UpdateFunctionUrlConfigCommand({ ...place, AuthType }));
  }
  const switched = await ensureInvokeMode(context, state, alias, streams);
  const all = { ...(isOpen && publicPermits), ...permits };
  const permitted = await ensureStatements(context, state, alias, all);
  return {
    url: (url ?? '').replace(/\/$/, ''),
    changed: before || switched || known?.AuthType !== AuthType || permitted,
  };
}

const invokeMode = (streams: boolean): InvokeMode => (streams ? 'RESPONSE_STREAM' : 'BUFFERED');

/** Has an alias' URL, if there is one, take answers as the version that the alias names gives them. */
export async function ensureInvokeMode(
  context: LambdaContext,
  state: FunctionState,
  alias: string,
  streams: boolean,
): Promise<boolean> {
  const known = state.urls.get(alias);
  const InvokeMode = invokeMode(streams);
  if (!known || (known.InvokeMode ?? 'BUFFERED') === InvokeMode) return false;
  const place = { FunctionName: state.name, Qualifier: alias };
  await context.calls.send(new UpdateFunctionUrlConfigCommand({ ...place, InvokeMode }));
  state.urls.set(alias, { ...known, InvokeMode });
  return true;
}

async function closeAddress(context: LambdaContext, state: FunctionState, alias: string): Promise<boolean> {
  const place = { FunctionName: state.name, Qualifier: alias };
  await gone(context.calls.send(new DeleteFunctionUrlConfigCommand(place)));
  await ensureStatements(context, state, alias, {});
  return true;
}

/** Takes an alias away with its address and its permissions; those first, since without it they could not be found. */
export async function removeAlias(context: LambdaContext, state: FunctionState, alias: string): Promise<void> {
  if (state.urls.has(alias)) await closeAddress(context, state, alias);
  else await ensureStatements(context, state, alias, {});
  await gone(context.calls.send(new DeleteAliasCommand({ FunctionName: state.name, Name: alias })));
}

/** What is gone already is as good as removed now. */
export async function gone(removing: Promise<unknown>): Promise<void> {
  try {
    await removing;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
