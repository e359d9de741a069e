import { rollbackPointer } from '../registry/pointer/rollback.ts';
import { prepareDeployment } from '../steps/deployment.ts';
import { moveReport } from '../steps/release/move-report.ts';
import { isDeployed, routeLive } from '../steps/release/route-live.ts';
import { eachModel } from '../steps/results.ts';
import { readStoredVersion } from '../steps/stored-version.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput } from '../steps/workspace.ts';

export interface RollbackVerbInput extends WorkInput {
  to?: string | undefined;
}

/** `coldgate rollback`. */
export async function run(input: RollbackVerbInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const { store, environment, models } = workspace;
  const { actor, runUrl, now, log, dryRun } = context;
  return eachModel('rollback', models, async (entry) => {
    const to = input.to === undefined ? undefined : versionFor(input.to, entry, models);
    const mover = { store, model: entry.name, pointer: environment.pointer, actor, verb: 'rollback', runUrl, now, log };
    const moved = await rollbackPointer({ ...mover, to, dryRun });
    // What someone else has promoted since is proven by them.
    const proven = !dryRun && !moved.movedOn && (await isDeployed(workspace, entry));
    if (!proven) return moveReport(entry.name, 'rolled back', moved, undefined);
    const stored = await readStoredVersion(store, entry.name, moved.version);
    const deployment = await prepareDeployment(workspace, entry, context);
    // A rollback is the remedy: if it does not pass its readiness proof, going forward again would be no better.
    const routed = await routeLive(workspace, entry, stored, deployment, { pointer: undefined }, context);
    return moveReport(entry.name, 'rolled back', moved, routed.revision.url);
  });
}
