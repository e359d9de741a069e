import { changeText } from './deploy.ts';
import { functionSettings } from './function-settings.ts';
import { eachModel } from './results.ts';
import type { Context, VerbResult } from './verb.ts';
import { openWorkspace, type WorkInput } from './workspace.ts';

export interface DestroyInput extends WorkInput {
  candidates: boolean;
}

/** `coldgate destroy`. */
export async function run(input: DestroyInput, context: Context): Promise<VerbResult> {
  const ws = await openWorkspace(input, context, { checkFiles: false });
  return eachModel('destroy', ws.models, async (entry) => {
    const target = await ws.targetOf(entry);
    const settings = functionSettings(ws.environment, entry);
    const { live, candidates } = await target.describe(settings);
    const there = [...(live && !input.candidates ? [live] : []), ...candidates];
    const changes = context.dryRun
      ? there.map(({ role, id }) => ({ action: 'delete' as const, what: `the ${role} revision ${id}` }))
      : await target.remove(settings, input.candidates ? 'candidates' : 'all');
    const said = changes.map((change) => changeText(change, context.dryRun));
    const lines = said.length > 0 ? said : [`Nothing of ${entry.name} was running.`];
    return { model: entry.name, outputs: {}, document: { changes }, lines, summary: lines.join('\n') };
  });
}
