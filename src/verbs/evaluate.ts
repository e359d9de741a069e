import type { ModelEntry } from '../config/types.ts';
import { InputError } from '../errors.ts';
import type { QualityRecord } from '../gate/quality/record.ts';
import { readLive } from '../registry/pointer/live-pointer.ts';
import { evaluateVersion } from '../steps/quality/report.ts';
import { showChanged } from '../steps/quality/show.ts';
import { eachModel, type ModelResult } from '../steps/results.ts';
import { readStoredVersion } from '../steps/stored-version.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput, type Workspace } from '../steps/workspace.ts';

export interface EvaluateInput extends WorkInput {
  version?: string | undefined;
  fresh: boolean;
  reportPath: string;
  /** Print the examples that changed sides, and not their ids alone. */
  show: boolean;
}

/** The models that have examples; those that were named must. Throws InputError. */
function evaluated({ models }: Workspace, input: EvaluateInput): ModelEntry[] {
  const without = models.filter(({ quality }) => !quality);
  const found = models.filter(({ quality }) => quality);
  if (found.length > 0 && (input.model ?? []).length === 0) return found;
  if (without.length === 0) return found;
  throw new InputError(
    without.map(({ name }) => ({
      path: `models.${name}`,
      message: 'has no quality: to be evaluated by.',
      hint: 'Add quality: { data: eval.jsonl }, with one {"inputs": …, "expected": …} a line.',
    })),
  );
}

/** `coldgate evaluate`: exit 0 pass, 4 regression, 5 inconclusive, 7 where the answers prove nothing. */
export async function run(input: EvaluateInput, context: Context): Promise<VerbResult> {
  const workspace = await openWorkspace(input, context, { checkFiles: false });
  const { store, environment, models } = workspace;
  return eachModel('evaluate', evaluated(workspace, input), async (entry): Promise<ModelResult> => {
    const candidate = await readStoredVersion(store, entry.name, versionFor(input.version, entry, models));
    const live = await readLive({ store, model: entry.name, pointer: environment.pointer });
    const { fresh, reportPath } = input;
    const report = await evaluateVersion({ workspace, entry, candidate, live, fresh, reportPath, context });
    const { quality: found } = report.document as { quality: { record: QualityRecord } };
    const shown = input.show ? await showChanged(entry, candidate.manifest, found.record) : [];
    const words = Object.entries(report.outputs).map(([name, value]) => [name.replace('quality-', ''), value]);
    return {
      ...report,
      outputs: Object.fromEntries(words),
      document: found,
      lines: [...report.lines, ...shown],
    };
  });
}
