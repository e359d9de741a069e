import type { StoredPreview } from './list.ts';

/** A preview younger than this may belong to a pull request that was opened after the list was made, ms. */
export const graceMs = 60 * 60 * 1000;
const dayMs = 24 * 60 * 60 * 1000;

export interface OrphanRule {
  /** Numbers of open pull requests; undefined where they are not known. */
  open: ReadonlySet<number> | undefined;
  /** Max. age of a preview where it is not known whether its pull request is open, days. */
  maxAgeDays: number;
  now: Date;
}

/** Why a preview goes; nothing while it stays. Pure. */
export function orphanReason(preview: StoredPreview, { open, maxAgeDays, now }: OrphanRule): string | undefined {
  const { pullRequest, publishedAt } = preview;
  // What has no complete version is an unfinished publish: prune takes it after a day, and nothing runs from it.
  if (!publishedAt) return undefined;
  const age = now.getTime() - publishedAt.getTime();
  if (open?.has(pullRequest)) return undefined;
  if (open) return age > graceMs ? `pull request #${pullRequest} is not open` : undefined;
  const old = age > maxAgeDays * dayMs;
  return old ? `the preview of pull request #${pullRequest} is older than ${maxAgeDays} days` : undefined;
}
