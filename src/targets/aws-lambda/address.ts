import {
  AddPermissionCommand,
  type AddPermissionRequest,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteFunctionUrlConfigCommand,
  GetPolicyCommand,
  RemovePermissionCommand,
  UpdateAliasCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import type { FunctionState } from './observe.ts';
import { isMissing } from './refusal.ts';
import type { World } from './world.ts';

/** Where an alias answers, and whether that had to be changed now: AWS takes a while to know of it everywhere. */
export interface Address {
  url: string;
  changed: boolean;
}

/** Who may call a function URL of `auth: none`: since October 2025 both are needed (facts: "Function URLs"). */
const publicStatements: Record<string, Omit<AddPermissionRequest, 'FunctionName' | 'StatementId'>> = {
  'coldgate-url': { Action: 'lambda:InvokeFunctionUrl', Principal: '*', FunctionUrlAuthType: 'NONE' },
  'coldgate-invoke': { Action: 'lambda:InvokeFunction', Principal: '*', InvokedViaFunctionUrl: true },
};

/** Points the alias to the version, if it does not; on the revision that was seen. Answers whether it had to. */
export async function ensureAlias(world: World, state: FunctionState, alias: string, number: string): Promise<boolean> {
  const known = state.aliases.get(alias);
  const place = { FunctionName: state.name, Name: alias, FunctionVersion: number };
  // A moved alias keeps an empty map of weights.
  const shared = Object.keys(known?.RoutingConfig?.AdditionalVersionWeights ?? {}).length > 0;
  if (known?.FunctionVersion === number && !shared) return false;
  if (known) {
    const RoutingConfig = { AdditionalVersionWeights: {} };
    await world.calls.send(new UpdateAliasCommand({ ...place, RoutingConfig, RevisionId: known.RevisionId }));
  } else await world.calls.send(new CreateAliasCommand(place));
  return true;
}

/** The alias' own address with who may call it; only what is missing or different is changed. */
export async function ensureAddress(world: World, state: FunctionState, alias: string): Promise<Address> {
  const { endpoint, auth } = world.settings;
  const place = { FunctionName: state.name, Qualifier: alias };
  if (endpoint === 'none') {
    const changed = state.urls.has(alias) && (await closeAddress(world, state, alias));
    return { url: `${state.arn}:${alias}`, changed };
  }
  const AuthType = auth === 'none' ? 'NONE' : 'AWS_IAM';
  const known = state.urls.get(alias);
  let url = known?.FunctionUrl;
  if (!known) {
    const made = await world.calls.send(new CreateFunctionUrlConfigCommand({ ...place, AuthType }));
    url = made.FunctionUrl;
  } else if (known.AuthType !== AuthType) {
    await world.calls.send(new UpdateFunctionUrlConfigCommand({ ...place, AuthType }));
  }
  const permitted = await ensureStatements(world, state, alias, auth === 'none' ? Object.keys(publicStatements) : []);
  return { url: (url ?? '').replace(/\/$/, ''), changed: known?.AuthType !== AuthType || permitted };
}

async function ensureStatements(world: World, state: FunctionState, alias: string, wanted: string[]): Promise<boolean> {
  const place = { FunctionName: state.name, Qualifier: alias };
  const there = await ownStatements(world, state, alias);
  const missing = wanted.filter((id) => !there.includes(id));
  const surplus = there.filter((id) => !wanted.includes(id));
  for (const id of missing) {
    const { Action, Principal, ...condition } = publicStatements[id] ?? {};
    const what = { Action, Principal, ...condition };
    await world.calls.send(new AddPermissionCommand({ ...place, StatementId: id, ...what }));
  }
  for (const id of surplus) await world.calls.send(new RemovePermissionCommand({ ...place, StatementId: id }));
  return missing.length + surplus.length > 0;
}

/** Ids of our statements in the alias' policy; those of other hands are not ours to touch. */
async function ownStatements(world: World, { name }: FunctionState, alias: string): Promise<string[]> {
  try {
    const found = await world.calls.send(new GetPolicyCommand({ FunctionName: name, Qualifier: alias }));
    const { Statement = [] } = JSON.parse(found.Policy ?? '{}') as { Statement?: { Sid: string }[] };
    return Statement.map(({ Sid }) => Sid).filter((id) => id in publicStatements);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function closeAddress(world: World, state: FunctionState, alias: string): Promise<boolean> {
  const place = { FunctionName: state.name, Qualifier: alias };
  await gone(world.calls.send(new DeleteFunctionUrlConfigCommand(place)));
  await ensureStatements(world, state, alias, []);
  return true;
}

/** Takes an alias away with its address and its permissions; those first, since without it they could not be found. */
export async function removeAlias(world: World, state: FunctionState, alias: string): Promise<void> {
  if (state.urls.has(alias)) await closeAddress(world, state, alias);
  else await ensureStatements(world, state, alias, []);
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
