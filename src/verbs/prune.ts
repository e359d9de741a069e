import type { Environment, ModelEntry, StoreSettings } from '../config/types.ts';
import type { ExpectedPointer } from '../registry/pointer/guard.ts';
import { type PruneResult, prune } from '../registry/prune/prune.ts';
import { functionSettings } from '../steps/function-settings.ts';
import { previewedVersions } from '../steps/previews/list.ts';
import { bytesText, eachModel, type ModelResult, markdownTable } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';

export interface PruneVerbInput extends WorkInput {
  retain?: number | undefined;
  /** Models that environments name a pointer for and were never promoted there. */
  unpromoted: string[];
}

/** Pointers of the environments; the owner of the store may declare that a model never had all of them. */
export const expectedPointers = (
  environments: readonly Environment[],
  entry: ModelEntry,
  unpromoted: readonly string[],
): ExpectedPointer[] =>
  unpromoted.includes(entry.name)
    ? []
    : environments.map(({ name, pointer }) => ({ name: pointer, who: `the environment ${name}` }));

const isSameStore = (a: StoreSettings, b: StoreSettings): boolean => a.url === b.url && a.endpoint === b.endpoint;

/** Versions that deployed revisions are pinned to. Throws where the target cannot be asked: deleting blindly is worse. */
export async function deployedVersions(
  ws: Workspace,
  entry: ModelEntry,
): Promise<{ version: string; reason: string }[]> {
  const target = await ws.targetOf(entry);
  const { live, candidates } = await target.describe(functionSettings(ws.environment, entry));
  const pinned = [...(live ? [live] : []), ...candidates];
  return pinned.flatMap(({ version, id, role }) =>
    version ? [{ version, reason: `the ${role} revision ${id} runs it` }] : [],
  );
}

function report(model: string, result: PruneResult, dryRun: boolean): ModelResult {
  const pruned = result.deleted.map((d) => d.version);
  const freed = result.deleted.reduce((sum, d) => sum + d.bytes, 0);
  const rows = result.plan.versions.map((v) => [
    v.version,
    v.action,
    v.state,
    bytesText(v.bytes),
    v.reasons.join('; '),
  ]);
  const planned = result.plan.versions.filter((v) => v.action === 'delete').length;
  const head = dryRun
    ? `${model}: would delete ${planned} of ${rows.length} versions.`
    : `${model}: deleted ${pruned.length} of ${rows.length} versions, ${bytesText(freed)}.`;
  return {
    model,
    outputs: { pruned: JSON.stringify(pruned) },
    document: { pruned, deleted: result.deleted, withdrawn: result.withdrawn, plan: result.plan },
    lines: [head, ...rows.map(([version, action, , size, why]) => `  ${action} ${version} (${size}): ${why}`)],
    summary: `${head}\n\n${markdownTable(['version', 'does', 'state', 'size', 'why'], rows)}`,
  };
}

/** `coldgate prune`. */
export async function run(input: PruneVerbInput, context: Context): Promise<VerbResult> {
  const ws = await openWorkspace(input, context, { checkFiles: false });
  const { now, log, dryRun } = context;
  return eachModel('prune', ws.models, async (entry) => {
    const protectedVersions = [...(await deployedVersions(ws, entry)), ...(await previewedVersions(ws, entry))];
    const retain = input.retain ?? entry.retain;
    const sharing = Object.values(ws.config.environments).filter((e) => isSameStore(e.store, ws.environment.store));
    const expected = expectedPointers(sharing, entry, input.unpromoted);
    const place = { store: ws.store, model: entry.name };
    const result = await prune({ ...place, retain, protectedVersions, expected, now, log, dryRun });
    return report(entry.name, result, dryRun);
  });
}
