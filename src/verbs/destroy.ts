import type { ModelEntry } from '../config/types.ts';
import type { Change } from '../rollout/target.ts';
import { functionSettings } from '../steps/function-settings.ts';
import { type PreviewOwner, previewRevisions, storedPreviews } from '../steps/previews/list.ts';
import { previewFunction } from '../steps/previews/name.ts';
import { removePreview } from '../steps/previews/remove.ts';
import { nothingUnowned, removeFunctions, unownedPreviews } from '../steps/previews/unowned-previews.ts';
import { eachModel, type ModelResult } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';
import { changeText } from './deploy.ts';

export interface DestroyInput extends WorkInput {
  candidates: boolean;
  /** Number of the pull request whose preview goes; everything else stays. */
  preview?: number | undefined;
}

async function destroyFunction(ws: Workspace, entry: ModelEntry, input: DestroyInput, context: Context) {
  const target = await ws.targetOf(entry);
  const settings = functionSettings(ws.environment, entry);
  const { live, candidates } = await target.describe(settings);
  const there = [...(live && !input.candidates ? [live] : []), ...candidates];
  const planned = async (): Promise<Change[]> => [
    ...there.map(({ role, id }) => ({ action: 'delete' as const, what: `the ${role} revision ${id}` })),
    ...(input.candidates ? [] : ((await target.besides?.(settings)) ?? [])),
  ];
  const changes = context.dryRun
    ? await planned()
    : await target.remove(settings, input.candidates ? 'candidates' : 'all');
  const changeLines = changes.map((change) => changeText(change, context.dryRun));
  const lines = changeLines.length > 0 ? changeLines : [`Nothing of ${entry.name} was running.`];
  return { model: entry.name, outputs: {}, document: { changes }, lines, summary: lines.join('\n') };
}

/** The dry run for a preview: what runs, and which versions there are. */
async function planPreview(ws: Workspace, entry: PreviewOwner, preview: number) {
  const running = await previewRevisions(ws, entry, preview);
  const found = (await storedPreviews(ws.store, entry.name)).find((p) => p.pullRequest === preview);
  const name = previewFunction(entry.name, preview);
  const changes = running.map(({ id }) => ({ action: 'delete' as const, what: `the revision ${id} of ${name}` }));
  return { changes, pruned: (found?.versions ?? []).map((v) => v.version) };
}

/** The function and the versions of one model's preview. */
export async function destroyPreview(
  ws: Workspace,
  entry: PreviewOwner,
  preview: number,
  context: Context,
): Promise<ModelResult> {
  const { dryRun } = context;
  const plan = dryRun ? planPreview(ws, entry, preview) : removePreview(ws, entry, preview, context);
  const { changes, pruned } = await plan;
  const summaryLines = [
    ...changes.map((change) => changeText(change, dryRun)),
    ...(pruned.length > 0 ? [`${dryRun ? 'Would prune' : 'Pruned'} ${pruned.join(', ')}.`] : []),
  ];
  const lines = summaryLines.length > 0 ? summaryLines : [`${entry.name} has no preview of pull request #${preview}.`];
  return {
    model: entry.name,
    outputs: { pruned: JSON.stringify(pruned) },
    document: { changes, pruned, 'pull-request': preview },
    lines,
    summary: lines.join('\n'),
  };
}

/** The previews of models that models.yaml names, and of all others that exist, unless models were asked for. */
async function destroyPreviews(
  ws: Workspace,
  input: DestroyInput,
  preview: number,
  context: Context,
): Promise<VerbResult> {
  const others = input.model?.length ? nothingUnowned : await unownedPreviews(ws, preview, context);
  const owners: PreviewOwner[] = [...ws.models, ...others.owners];
  const result = await eachModel('destroy', owners, (entry) => destroyPreview(ws, entry, preview, context));
  if (result.failure) return result;
  const removed = await removeFunctions(others.functions, context);
  const lines = [...result.lines, ...removed, ...others.left];
  return { ...result, lines, summary: [result.summary, ...removed, ...others.left].join('\n\n') };
}

/** `coldgate destroy`. */
export async function run(input: DestroyInput, context: Context): Promise<VerbResult> {
  const ws = await openWorkspace(input, context, { checkFiles: false });
  const { preview } = input;
  if (preview !== undefined) return destroyPreviews(ws, input, preview, context);
  return eachModel('destroy', ws.models, (entry) => destroyFunction(ws, entry, input, context));
}
