import type { ModelEntry } from '../../config/types.ts';
import { modelStatus, type VersionStatus } from '../../registry/pointer/status.ts';
import type { Revision } from '../../rollout/target.ts';
import type { Store } from '../../stores/store.ts';
import type { Workspace } from '../workspace.ts';
import { previewFunction, previewNumber } from './name.ts';

/** A preview of one model, as its versions in the store show it. */
export interface StoredPreview {
  pullRequest: number;
  /** Highest semantic version first, which need not be the newest. */
  versions: VersionStatus[];
  /** When one of them was published last; nothing while none is complete. */
  publishedAt: Date | undefined;
}

/** The model of a preview; models.yaml may not name it any more. */
export type PreviewOwner = Pick<ModelEntry, 'name' | 'retain' | 'target'>;

/**
 * Previews by their versions, which are published before a function is made for them and removed after it. A function
 * whose versions someone else has removed is found by listing the target: src/steps/previews/unowned.ts.
 */
export async function storedPreviews(store: Store, model: string): Promise<StoredPreview[]> {
  const found = new Map<number, StoredPreview>();
  for (const version of (await modelStatus(store, model)).versions) {
    const pullRequest = previewNumber(version.version);
    if (pullRequest === undefined) continue;
    const known = found.get(pullRequest) ?? { pullRequest, versions: [], publishedAt: undefined };
    known.versions.push(version);
    const at = version.publishedAt === undefined ? undefined : new Date(version.publishedAt);
    if (at && (known.publishedAt === undefined || at > known.publishedAt)) known.publishedAt = at;
    found.set(pullRequest, known);
  }
  return [...found.values()].sort((a, b) => a.pullRequest - b.pullRequest);
}

/** What runs of a preview. */
export async function previewRevisions(ws: Workspace, entry: PreviewOwner, pullRequest: number): Promise<Revision[]> {
  const target = await ws.targetOf(entry);
  const { live, candidates } = await target.describe({ name: previewFunction(entry.name, pullRequest) });
  return [...(live ? [live] : []), ...candidates];
}

/** Versions that functions of previews run, with the reason to keep them. */
export async function previewedVersions(
  ws: Workspace,
  entry: ModelEntry,
): Promise<{ version: string; reason: string }[]> {
  const kept = [];
  for (const { pullRequest } of await storedPreviews(ws.store, entry.name)) {
    for (const { version } of await previewRevisions(ws, entry, pullRequest)) {
      if (version) kept.push({ version, reason: `the preview of pull request #${pullRequest} runs it` });
    }
  }
  return kept;
}
