import { modelStatus } from '../registry/pointer/status.ts';
import { bytesText, everyModel } from '../steps/results.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { openWorkspace, type WorkInput } from '../steps/workspace.ts';

/** `coldgate weigh`: what all versions of each model take in the store. Changes nothing. */
export async function run(input: WorkInput, context: Context): Promise<VerbResult> {
  const { store, models } = await openWorkspace(input, context, { checkFiles: false });
  return everyModel('weigh', models, async ({ name }) => {
    const { bytes, versions } = await modelStatus(store, name);
    const line = `${name}: ${versions.length} versions, ${bytesText(bytes)}`;
    return {
      model: name,
      outputs: { bytes: String(bytes) },
      document: { bytes, versions: versions.map(({ version }) => version) },
      lines: [line],
      summary: line,
    };
  });
}
