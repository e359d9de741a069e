import { readLive } from '../registry/pointer/live-pointer.ts';
import { asksForBurst, type BurstInput, burstModel, checkBurst } from '../steps/burst.ts';
import { prepareDeployment } from '../steps/deployment.ts';
import { functionSettings } from '../steps/function-settings.ts';
import { warmupReport, writeReport } from '../steps/release/gate-report.ts';
import { runGate } from '../steps/release/gate-run.ts';
import { eachModel } from '../steps/results.ts';
import { readStoredVersion } from '../steps/stored-version.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput } from '../steps/workspace.ts';

export interface WarmupInput extends WorkInput, BurstInput {
  maxSamples?: number | undefined;
  fresh: boolean;
}

/** `coldgate warmup`. */
export async function run(input: WarmupInput, context: Context): Promise<VerbResult> {
  checkBurst(input);
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const { store, environment, models } = workspace;
  return eachModel('warmup', models, async (entry) => {
    if (asksForBurst(input)) return burstModel(workspace, entry, input, context);
    const candidate = await readStoredVersion(store, entry.name, versionFor(input.version, entry, models));
    const live = await readLive({ store, model: entry.name, pointer: environment.pointer });
    const deployment = await prepareDeployment(workspace, entry, context);
    const options = input.maxSamples === undefined ? entry.gate : { ...entry.gate, maxSamples: input.maxSamples };
    const { fresh } = input;
    const gate = { workspace, entry, candidate, live, deployment, options, fresh, context };
    const record = await runGate(gate).finally(() =>
      deployment.target.endSampling?.(functionSettings(environment, entry)),
    );
    return warmupReport(record, await writeReport(record, input.reportPath, context.cwd));
  });
}
