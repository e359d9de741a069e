import type { Target } from '../../rollout/target.ts';
import type { Context } from '../verb.ts';
import type { Workspace } from '../workspace.ts';
import type { PreviewOwner } from './list.ts';
import { previewFunction, previewNumber } from './name.ts';
import { functionNumber, functionsOn, isOfThisRepository, storedModels, targetsOf } from './unowned.ts';

/** A function that is to go, where it is. */
export interface LostFunction {
  name: string;
  target: Target;
}

/** What exists of a pull request beside the models that models.yaml names. */
export interface UnownedPreviews {
  /** Models with versions of it. */
  owners: PreviewOwner[];
  /** Functions whose versions are gone, and those of such a model on a target that one entry defines for itself. */
  functions: LostFunction[];
  /** What is left alone, one sentence each. */
  left: string[];
}

export const nothingUnowned: UnownedPreviews = { owners: [], functions: [], left: [] };

/** How many versions of a model of no entry are kept: no matter here, where single versions are pruned. */
const retain = 1;

/** Finds previews of a pull request by what store and targets have. Reads only. */
export async function unownedPreviews(ws: Workspace, preview: number, context: Context): Promise<UnownedPreviews> {
  const models = await storedModels(ws, context);
  if (!models) return nothingUnowned;
  const found: UnownedPreviews = { owners: [], functions: [], left: [] };
  // An environment of that name has functions that are called like those of the preview.
  if (`pr-${preview}` in ws.config.environments) return found;
  const configured = Object.keys(ws.config.models);
  const known = new Set(configured.map((name) => previewFunction(name, preview)));
  for (const model of models) {
    const { name, versions } = model;
    if (configured.includes(name) || !versions.some((version) => previewNumber(version) === preview)) continue;
    known.add(previewFunction(name, preview));
    if (await isOfThisRepository(ws, model, preview, context)) found.owners.push({ name, retain, target: undefined });
    else found.left.push(`${name} has a preview of a pull request #${preview} of another repository: it stays.`);
  }
  const [usual] = await targetsOf(ws);
  const mine = found.owners.map(({ name }) => previewFunction(name, preview));
  for (const target of await targetsOf(ws)) {
    for (const { name } of await functionsOn(target, ws, context)) {
      const isLost = !known.has(name) || (target !== usual && mine.includes(name));
      if (functionNumber(name) === preview && isLost) found.functions.push({ name, target });
    }
  }
  return found;
}

/** Removes functions that nothing names any more. Returns what was done, one sentence each. */
export async function removeFunctions(
  functions: readonly LostFunction[],
  { dryRun }: Pick<Context, 'dryRun'>,
): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, target } of functions) {
    if (!dryRun) await target.remove({ name }, 'all');
    lines.push(`The function ${name}, which nothing names any more, ${dryRun ? 'would be' : 'is'} removed.`);
  }
  return lines;
}
