import { type RunContext, runUrl, servicePath } from './context.ts';
import { purposeOfTag } from './names.ts';
import { revisionOf } from './observe.ts';
import { waitForRun } from './operations.ts';
import type { RevisionResource } from './resources.ts';
import type { RunRevision, RunState } from './state.ts';
import { soundTraffic, withoutTags } from './traffic.ts';
import { setTraffic } from './update.ts';

/** Waits until Cloud Run keeps as many instances of the revision as the settings ask for. Changes nothing. */
export async function untilWarm(
  context: RunContext,
  { name }: RunState,
  { id, warmInstances }: RunRevision,
): Promise<void> {
  const { minInstances } = context.settings;
  if (minInstances <= warmInstances) return;
  const path = `${servicePath(context, name)}/revisions/${id}`;
  const requestContext = { permission: 'run.revisions.get', resource: path };
  await waitForRun(context, `Cloud Run does not keep ${minInstances} instances of ${id} warm yet`, async () => {
    const resource = await context.calls.send<RevisionResource>(
      { method: 'GET', url: runUrl(context, path) },
      requestContext,
    );
    const isWarming = (resource.conditions ?? []).some(
      ({ state, revisionReason }) =>
        state !== 'CONDITION_SUCCEEDED' &&
        ['MIN_INSTANCES_WARMING', 'MIN_INSTANCES_NOT_PROVISIONED'].includes(revisionReason ?? ''),
    );
    return !isWarming && revisionOf(resource).warmInstances >= minInstances ? true : undefined;
  });
}

/** Lets go of what others were about to make live: their tags keep its instances warm. Returns whether there was any. */
export function releaseOthers(context: RunContext, state: RunState, live: string | undefined): Promise<boolean> {
  const isOther = (tag: string, revision: string | undefined): boolean =>
    purposeOfTag(tag) === 'live' && revision !== live;
  return setTraffic(context, state, withoutTags(soundTraffic(state), isOther));
}
