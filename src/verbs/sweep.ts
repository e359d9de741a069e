import type { ModelEntry } from '../config/types.ts';
import { type ColdgateError, InputError, toColdgateError, UnprovenError } from '../errors.ts';
import { checkPointers } from '../registry/pointer/guard.ts';
import { prune } from '../registry/prune/prune.ts';
import { previewedVersions, type StoredPreview, storedPreviews } from '../steps/previews/list.ts';
import { previewFunction } from '../steps/previews/name.ts';
import { pruneVersions } from '../steps/previews/remove.ts';
import { openStoreGroups, type StoreGroup } from '../steps/previews/store-groups.ts';
import { type Drift, driftOf } from '../steps/previews/sweep-drift.ts';
import { type OrphanRule, orphanReason } from '../steps/previews/sweep-previews.ts';
import { withUnowned } from '../steps/previews/sweep-unowned.ts';
import { joinResults, type ModelResult, markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import type { WorkInput } from '../steps/workspace.ts';
import { deployedVersions, expectedPointers } from './prune.ts';

export interface SweepInput extends WorkInput {
  /** Numbers of open pull requests, `none` where none is; empty if they are not known. */
  open: string[];
  maxAgeDays: number;
  /** Models that environments name a pointer for and were never promoted there. */
  unpromoted: string[];
}

interface Removed {
  pullRequest: number;
  why: string;
  functions: string[];
  pruned: string[];
}

/** Throws InputError for what is neither a number nor `none`. */
function openNumbers(open: readonly string[]): ReadonlySet<number> | undefined {
  if (open.length === 0) return undefined;
  const wrong = open.filter((text) => text !== 'none' && !/^[1-9]\d{0,15}$/.test(text));
  if (wrong.length > 0) {
    const message = `expected numbers of pull requests or none, got ${JSON.stringify(wrong[0]?.slice(0, 80))}.`;
    throw new InputError([{ path: 'open', message }]);
  }
  return new Set(open.filter((text) => text !== 'none').map(Number));
}

/** Functions on every target of the store, then versions: a function without versions would never be found again. */
async function removeOrphan(
  group: StoreGroup,
  entry: ModelEntry,
  { pullRequest }: StoredPreview,
  why: string,
  context: Context,
): Promise<Removed> {
  const name = previewFunction(entry.name, pullRequest);
  if (context.dryRun) return { pullRequest, why, functions: [name], pruned: [] };
  const functions: string[] = [];
  for (const workspace of group.all) {
    const target = await workspace.targetOf(entry);
    functions.push(...(await target.remove({ name }, 'all')).map((change) => change.what));
  }
  return { pullRequest, why, functions, pruned: await pruneVersions(group.first, entry, pullRequest, context) };
}

async function removeOrphans(
  group: StoreGroup,
  entry: ModelEntry,
  rule: OrphanRule,
  context: Context,
): Promise<Removed[]> {
  const removed: Removed[] = [];
  for (const preview of await storedPreviews(group.first.store, entry.name)) {
    const why = orphanReason(preview, rule);
    if (why) removed.push(await removeOrphan(group, entry, preview, why, context));
  }
  return removed;
}

/** Prunes a model's versions; what any environment of the store or any preview runs stays. */
async function pruneModel(
  group: StoreGroup,
  entry: ModelEntry,
  unpromoted: readonly string[],
  context: Context,
): Promise<string[]> {
  const { now, log, dryRun } = context;
  const kept = [];
  for (const ws of group.all)
    kept.push(...(await deployedVersions(ws, entry)), ...(await previewedVersions(ws, entry)));
  const { store } = group.first;
  const environments = group.all.map(({ environment }) => environment);
  const expected = expectedPointers(environments, entry, unpromoted);
  const input = { store, model: entry.name, retain: entry.retain, protectedVersions: kept, expected, now, log, dryRun };
  const { deleted, plan } = await prune(input);
  return dryRun
    ? plan.versions.filter((v) => v.action === 'delete').map((v) => v.version)
    : deleted.map((d) => d.version);
}

function report(entry: ModelEntry, group: StoreGroup, found: Found, dryRun: boolean): ModelResult {
  const { removed, pruned, drifts, failure } = found;
  const would = dryRun ? 'would be ' : '';
  const lines = [
    ...removed.map((r) => `${entry.name}: the preview of #${r.pullRequest} ${would || 'is '}removed: ${r.why}.`),
    ...(pruned.length > 0 ? [`${entry.name}: ${would || 'are '}pruned: ${pruned.join(', ')}.`] : []),
    ...drifts.flatMap((d) => d.wrong ?? []),
    ...(failure && failure.code !== 'drift' ? [`${entry.name}: ${failure.message}`] : []),
  ];
  if (lines.length === 0) lines.push(`${entry.name}: nothing was left behind, and endpoints serve what pointers name.`);
  const rows = drifts.map((d) => [
    d.environment,
    d.pointer ?? 'nothing',
    d.served ?? 'nothing',
    d.wrong ? 'DRIFT' : 'ok',
  ]);
  const table = markdownTable(['environment', 'pointer names', 'endpoint serves', ''], rows);
  const previews = removed.map((r) => r.pullRequest);
  return {
    model: entry.name,
    outputs: {
      pruned: JSON.stringify(pruned),
      previews: JSON.stringify(previews),
      drift: String(drifts.some((d) => d.wrong)),
    },
    document: { store: group.first.store.url, removed, pruned, drifts },
    lines,
    summary: [...lines, table].join('\n\n'),
    failure,
  };
}

interface Found {
  removed: Removed[];
  pruned: string[];
  drifts: Drift[];
  failure: ColdgateError | undefined;
}

/** One model of one store. What fails is reported, and the rest is swept all the same. */
async function sweepModel(
  group: StoreGroup,
  entry: ModelEntry,
  rule: OrphanRule & Pick<SweepInput, 'unpromoted'>,
  context: Context,
): Promise<ModelResult> {
  const found: Found = { removed: [], pruned: [], drifts: [], failure: undefined };
  try {
    // Before the first function is removed: with a pointer that is missing or wrong it is unknown what is needed.
    await checkPointers(group.first.store, entry.name);
    found.removed = await removeOrphans(group, entry, rule, context);
    found.pruned = await pruneModel(group, entry, rule.unpromoted, context);
    for (const workspace of group.swept) found.drifts.push(await driftOf(workspace, entry, context));
    const wrong = found.drifts.flatMap((d) => d.wrong ?? []);
    if (wrong.length > 0) {
      const hint = 'Run coldgate ship or coldgate promote again: both make the function follow its pointer.';
      found.failure = new UnprovenError('drift', wrong.join(' '), { hint });
    }
  } catch (error) {
    context.signal.throwIfAborted();
    found.failure = toColdgateError(error);
  }
  return report(entry, group, found, context.dryRun);
}

/** `coldgate sweep`: what lost events left behind, in every environment. */
export async function run(input: SweepInput, context: Context): Promise<VerbResult> {
  const open = openNumbers(input.open);
  const groups = await openStoreGroups(input, context);
  const rule = { open, maxAgeDays: input.maxAgeDays, now: context.now(), unpromoted: input.unpromoted };
  const results: ModelResult[] = [];
  for (const group of groups) {
    for (const entry of group.first.models) results.push(await sweepModel(group, entry, rule, context));
  }
  const swept = joinResults('sweep', results);
  return input.model?.length ? swept : withUnowned(swept, groups, rule, context);
}
