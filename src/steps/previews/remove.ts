import { prune } from '../../registry/prune/prune.ts';
import type { Change } from '../../rollout/target.ts';
import { PreconditionError } from '../../stores/store.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import { type PreviewOwner, storedPreviews } from './list.ts';
import { previewFunction } from './name.ts';

export interface RemovedPreview {
  changes: Change[];
  /** Versions that are gone now. */
  pruned: string[];
}

/** Removes the measurement records of deleted versions. */
async function removeRecords({ store }: Workspace, model: string, versions: ReadonlySet<string>): Promise<void> {
  for await (const { key, token } of store.list(`${model}/baselines/`)) {
    const version = key.slice(key.lastIndexOf('/') + 1).replace(/\.json$/, '');
    if (!versions.has(version)) continue;
    try {
      await store.remove(key, { unchanged: token });
    } catch (error) {
      // Another run writes or removes it: its last word stands.
      if (!(error instanceof PreconditionError)) throw error;
    }
  }
}

/** Removes records and versions of a preview. `keep` is the version that stays. Returns the removed versions. */
export async function pruneVersions(
  ws: Workspace,
  entry: PreviewOwner,
  pullRequest: number,
  context: Context,
  keep?: string,
): Promise<string[]> {
  const { now, log } = context;
  const found = (await storedPreviews(ws.store, entry.name)).find((p) => p.pullRequest === pullRequest);
  const only = (found?.versions ?? []).map((v) => v.version).filter((v) => v !== keep);
  if (only.length === 0) return [];
  // Records first: what is left to do is found by the versions, should this run be killed in between.
  await removeRecords(ws, entry.name, new Set(only));
  const result = await prune({ store: ws.store, model: entry.name, retain: entry.retain, only, now, log });
  return result.deleted.map((d) => d.version);
}

/**
 * Removes a preview: its function, then its versions, since they are what a sweep finds a function by. What is already
 * gone is fine.
 */
export async function removePreview(
  ws: Workspace,
  entry: PreviewOwner,
  pullRequest: number,
  context: Context,
): Promise<RemovedPreview> {
  const target = await ws.targetOf(entry);
  const changes = await target.remove({ name: previewFunction(entry.name, pullRequest) }, 'all');
  return { changes, pruned: await pruneVersions(ws, entry, pullRequest, context) };
}
