import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import type { Change } from '../target.ts';
import { gone, removeAlias } from './address.ts';
import { endBatch } from './batch.ts';
import { removeVersion } from './deploy.ts';
import { apiTag, removeApis } from './http-api.ts';
import { pruneLayers } from './layer.ts';
import { candidateAlias, functionName, isCandidateAlias } from './names.ts';
import { candidatesOf, type FunctionState, hasRuntimeLayer, observe, versionOf } from './observe.ts';
import { releaseOthers } from './provisioned.ts';
import { sweep } from './prune.ts';
import { endScaling } from './scaling.ts';
import { converge, type World } from './world.ts';

/** Removes candidates, or the function with all that belongs to it. What is already gone is fine. */
export function removeFunction(
  world: World,
  name: string,
  what: 'candidates' | 'all',
  keep?: string,
): Promise<Change[]> {
  return converge(world, async () => {
    const state = await observe(world, name);
    // The API could be left of a function that someone else has removed.
    if (what === 'all' && (world.settings.endpoint === 'http-api' || state?.tags[apiTag] === 'yes')) {
      await removeApis(world, functionName(name));
    }
    if (what === 'candidates') return state ? removeCandidates(world, state, keep) : [];
    const changes = state ? await removeAll(world, state) : [];
    // As the API, the layer could be left of a run that was killed.
    if (world.settings.runtimeLayer || (state && runsOnLayer(state))) await pruneLayers(world);
    return changes;
  });
}

const runsOnLayer = ({ latest, versions }: FunctionState): boolean =>
  hasRuntimeLayer(latest) || versions.some((version) => version.hasRuntimeLayer);

function changeOf(state: FunctionState, alias: string): Change {
  const version = versionOf(state, alias);
  const pinned = version?.mark?.version ? ` ${version.mark.version}` : '';
  const role = isCandidateAlias(alias) ? 'candidate' : 'live';
  return { action: 'delete', what: `${role} of ${state.name}${pinned} (alias ${alias}, version ${version?.number})` };
}

async function removeCandidates(world: World, state: FunctionState, keep?: string): Promise<Change[]> {
  const aliases = candidatesOf(state).filter((alias) => keep === undefined || alias !== candidateAlias(keep));
  for (const alias of aliases) {
    await removeAlias(world, state, alias);
    const version = versionOf(state, alias);
    if (version?.mark?.role === 'candidate') await removeVersion(world, state.name, version.number);
  }
  // A run that prepared a live version and was refused the pointer has left its instances warm.
  await releaseOthers(world, state, versionOf(state, world.settings.alias)?.number ?? '');
  await sweep(world, state);
  return aliases.map((alias) => changeOf(state, alias));
}

/** Versions, aliases, addresses and permissions go with the function. */
async function removeAll(world: World, state: FunctionState): Promise<Change[]> {
  const live = state.aliases.has(world.settings.alias) ? [world.settings.alias] : [];
  const changes = [...live, ...candidatesOf(state)].map((alias) => changeOf(state, alias));
  await endBatch(world, state);
  await endScaling(world, state);
  await gone(world.calls.send(new DeleteFunctionCommand({ FunctionName: state.name })));
  return changes.length > 0 ? changes : [{ action: 'delete', what: `the function ${state.name}` }];
}
