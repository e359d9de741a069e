import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import type { Change } from '../../rollout/target.ts';
import { gone, removeAlias } from './address.ts';
import { endBatch, notifiedBy } from './batch.ts';
import type { LambdaContext } from './context.ts';
import { apisOf, apiTag, removeApis } from './http-api.ts';
import { pruneLayers } from './layer.ts';
import { candidateAlias, functionName, isCandidateAlias } from './names.ts';
import { hasRuntimeLayer, versionOf } from './observe.ts';
import { endQueue, queueChanges } from './queue.ts';
import { removeRestApis, restApisOf, restTag } from './rest-api.ts';
import { endScaling } from './scaling.ts';
import type { FunctionState, LambdaRevision } from './state.ts';

/** Takes versions away, first the aliases that name them; a version that we have not published stays. */
export async function retireVersions(
  context: LambdaContext,
  state: FunctionState,
  revisions: readonly LambdaRevision[],
): Promise<void> {
  for (const revision of revisions) {
    const { id, role, version } = revision;
    const alias = revision.alias ?? (role === 'candidate' ? candidateAlias(version ?? '') : undefined);
    const isNamed = alias !== undefined && state.aliases.get(alias)?.FunctionVersion === id;
    if (isNamed && isCandidateAlias(alias)) await removeAlias(context, state, alias);
    if (role !== undefined) await removeVersion(context, state.name, id);
  }
}

const removeVersion = (context: LambdaContext, FunctionName: string, Qualifier: string): Promise<void> =>
  gone(context.calls.send(new DeleteFunctionCommand({ FunctionName, Qualifier })));

/** Removes a sample's version; one that stays is swept by a later run. */
export async function removeSample(context: LambdaContext, name: string, number: string): Promise<void> {
  await removeVersion(context, name, number).catch((error: Error) => {
    context.log.debug(`The sample version ${number} of ${name} stays: ${error.message}`);
  });
}

/** APIs and layer could be left of a function that someone else has removed, or of a run that was killed. */
const apiKinds = [
  { endpoint: 'http-api', what: 'HTTP API', tag: apiTag, list: apisOf, remove: removeApis },
  { endpoint: 'rest-api', what: 'REST API', tag: restTag, list: restApisOf, remove: removeRestApis },
] as const;

/** The APIs that there may be, by listing them or by removing them. */
async function apiChanges(
  context: LambdaContext,
  name: string,
  state: FunctionState | undefined,
  how: 'list' | 'remove',
): Promise<Change[]> {
  const changes: Change[] = [];
  for (const kind of apiKinds) {
    const marked = state?.tags[kind.tag] === 'yes';
    if (context.settings.endpoint !== kind.endpoint && !marked) continue;
    const ids = await kind[how](context, name, marked);
    changes.push(...ids.map((id): Change => ({ action: 'delete', what: `the ${kind.what} ${id} of ${name}` })));
  }
  return changes;
}

const batchChange = (state: FunctionState | undefined): Change[] => {
  const bucket = state && notifiedBy(state);
  if (!bucket) return [];
  return [{ action: 'delete', what: `the notification of ${state.name} by the bucket ${bucket}` }];
};

/** What goes with the function beside its versions. */
export async function foundBesides(
  context: LambdaContext,
  given: string,
  state: FunctionState | undefined,
): Promise<Change[]> {
  const name = functionName(given);
  const queue = await queueChanges(context, state);
  return [...(await apiChanges(context, name, state, 'list')), ...batchChange(state), ...queue];
}

/** Removes the function with all that belongs to it; versions, aliases, addresses and permissions go with it. */
export async function removeAll(
  context: LambdaContext,
  given: string,
  state: FunctionState | undefined,
): Promise<Change[]> {
  const name = functionName(given);
  const queue = await queueChanges(context, state);
  const apis = await apiChanges(context, name, state, 'remove');
  const changes = state ? await removeFunction(context, state) : [];
  if (context.settings.runtimeLayer || (state && runsOnLayer(state))) await pruneLayers(context);
  return [...changes, ...apis, ...batchChange(state), ...queue];
}

async function removeFunction(context: LambdaContext, state: FunctionState): Promise<Change[]> {
  const named = [...(state.live ? [state.live] : []), ...state.candidates];
  const changes = named.map(({ alias }) => changeOf(state, alias ?? ''));
  await endBatch(context, state);
  await endQueue(context, state);
  await endScaling(context, state);
  await gone(context.calls.send(new DeleteFunctionCommand({ FunctionName: state.name })));
  return changes.length > 0 ? changes : [{ action: 'delete', what: `the function ${state.name}` }];
}

const runsOnLayer = ({ latest, versions }: FunctionState): boolean =>
  hasRuntimeLayer(latest) || versions.some((version) => version.hasRuntimeLayer);

function changeOf(state: FunctionState, alias: string): Change {
  const found = versionOf(state, alias);
  const pinned = found?.version ? ` ${found.version}` : '';
  const role = isCandidateAlias(alias) ? 'candidate' : 'live';
  return { action: 'delete', what: `${role} of ${state.name}${pinned} (alias ${alias}, version ${found?.id})` };
}
