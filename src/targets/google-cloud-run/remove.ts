import type { Change } from '../../rollout/target.ts';
import { type RunContext, runUrl, servicePath } from './context.ts';
import { finished } from './operations.ts';
import { dropTags, isLatest, removeRevision } from './prune.ts';
import { isMissing } from './refusal.ts';
import type { Operation } from './resources.ts';
import type { RunRevision, RunState } from './state.ts';
import { sharesOf } from './traffic.ts';

/** Takes revisions away, first the tags that name them; one that has traffic, or that we have not made, stays. */
export async function retireRevisions(
  context: RunContext,
  state: RunState,
  revisions: readonly RunRevision[],
): Promise<void> {
  const shares = sharesOf(state.service);
  const gone = revisions.filter(({ id, purpose }) => purpose !== undefined && !shares.has(id));
  if (gone.length === 0) return;
  await dropTags(context, state, new Set(gone.map(({ id }) => id)));
  const removable = gone.filter(({ id, kept }) => !kept && !isLatest(state.service, id));
  for (const { id } of removable) await removeRevision(context, state.name, id);
}

/** Removes the service with its revisions, tags and addresses; what is gone already is as good as removed now. */
export async function removeService(context: RunContext, name: string): Promise<void> {
  const path = servicePath(context, name);
  const requestContext = { permission: 'run.services.delete', resource: path };
  try {
    const begun = await context.calls.send<Operation>({ method: 'DELETE', url: runUrl(context, path) }, requestContext);
    await finished(context, begun, `the removal of ${name}`, requestContext);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Removes the service with all that belongs to it. */
export async function removeAll(context: RunContext, name: string, state: RunState | undefined): Promise<Change[]> {
  if (!state) return [];
  await removeService(context, name);
  context.measured.delete(name);
  context.moved.delete(name);
  const named = [...(state.live ? [state.live] : []), ...state.candidates];
  if (named.length === 0) return [{ action: 'delete', what: `the service ${name}` }];
  return named.map(({ id, purpose, version }) => {
    const pinned = version === null ? '' : ` ${version}`;
    const role = purpose === 'candidate' ? 'candidate' : 'live';
    return { action: 'delete', what: `${role} of ${name}${pinned} (revision ${id})` };
  });
}
