import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { ColdgateError, UnprovenError } from '../../errors.ts';
import { expectationFor } from '../proof/expectation.ts';
import { type Endpoint, type Expectation, prove } from '../proof/prove.ts';
import type { DeployRequest, DeployResult, Revision } from '../target.ts';
import { type Address, ensureAddress, ensureAlias, gone, removeAlias } from './address.ts';
import { endpointAt } from './endpoint.ts';
import { ensureFunctionSettings } from './function-settings.ts';
import { candidateAlias } from './names.ts';
import { type FunctionState, isSame, type PublishedVersion, versionOf } from './observe.ts';
import { sweep } from './prune.ts';
import { ensureFunction, publish } from './publish.ts';
import { type Wanted, wantedOf } from './wanted.ts';
import { converge, type World } from './world.ts';

/** Loading and proving a model from cold, twice its sample included, ms. */
export const proofMs = 120_000;

export const expectationOf = (request: DeployRequest, wanted: Wanted): Expectation =>
  expectationFor(request, wanted.revision);

export function revisionOf({ number, mark, packageSha256 }: PublishedVersion, url: string): Revision {
  const { version = null, settingsSha256 = '', role } = mark ?? {};
  return { id: number, role: role === 'live' ? 'live' : 'candidate', version, url, packageSha256, settingsSha256 };
}

export const endpointOf = (world: World, { name }: FunctionState, alias: string, address: Address): Endpoint =>
  endpointAt(world, { name, alias, ...address });

/**
 * Makes a candidate answer: a published version pinned to the model's, behind an alias and an address of its own. An equal
 * one that still proves itself is left alone. Throws UnprovenError; nothing of the candidate is then left.
 */
export function deployCandidate(world: World, request: DeployRequest): Promise<DeployResult> {
  const wanted = wantedOf(world.settings, request);
  const alias = candidateAlias(request.version);
  return converge(world, async () => {
    const state = await ensureFunction(world, request.settings.name, wanted, request.package);
    const settled = await ensureFunctionSettings(world, state);
    const current = versionOf(state, alias);
    if (current && isSame(current, wanted)) {
      const address = await ensureAddress(world, state, alias, wanted);
      if (await isProven(world, endpointOf(world, state, alias, address), request, wanted)) {
        return { revision: revisionOf(current, address.url), changed: settled || address.changed };
      }
    }
    return replace(world, state, { request, wanted, alias, current });
  });
}

interface Replacement {
  request: DeployRequest;
  wanted: Wanted;
  alias: string;
  current: PublishedVersion | undefined;
}

async function replace(world: World, state: FunctionState, replacement: Replacement): Promise<DeployResult> {
  const { request, wanted, alias, current } = replacement;
  const { version } = await publish(world, state, wanted, request.package, current?.number);
  await ensureAlias(world, state, alias, version.number);
  const address = await ensureAddress(world, state, alias, wanted, true);
  try {
    await prove(endpointOf(world, state, alias, address), expectationOf(request, wanted), optionsOf(world));
  } catch (error) {
    if (error instanceof ColdgateError) await withdraw(world, state, alias, [version, ...(current ? [current] : [])]);
    throw error;
  }
  if (current?.mark?.role === 'candidate') await removeVersion(world, state.name, current.number);
  await sweep(world, state);
  return { revision: revisionOf(version, address.url), changed: true };
}

const optionsOf = ({ signal }: World) => ({ timeoutMs: proofMs, signal });

async function withdraw(
  world: World,
  state: FunctionState,
  alias: string,
  versions: PublishedVersion[],
): Promise<void> {
  await removeAlias(world, { ...state, urls: new Map([...state.urls, [alias, {} as never]]) }, alias);
  for (const { number, mark } of versions) if (mark) await removeVersion(world, state.name, number);
}

export const removeVersion = (world: World, FunctionName: string, Qualifier: string): Promise<void> =>
  gone(world.calls.send(new DeleteFunctionCommand({ FunctionName, Qualifier })));

async function isProven(world: World, endpoint: Endpoint, request: DeployRequest, wanted: Wanted): Promise<boolean> {
  try {
    await prove(endpoint, expectationOf(request, wanted), optionsOf(world));
    return true;
  } catch (error) {
    if (!(error instanceof UnprovenError)) throw error;
    world.log.warn(`The candidate no longer proves itself, so it is deployed again. ${error.message}`);
    return false;
  }
}
