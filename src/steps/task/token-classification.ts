import type { ModelEntry, TaskSettings } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import type { TokenClassification } from '../../model/task.ts';
import type { ModelHead } from '../../onnx/read-head.ts';
import type { BesideModel } from './beside-model.ts';
import { labelsOf } from './labels.ts';
import { chooseOutput } from './outputs.ts';

type Settings = Extract<TaskSettings, { kind: 'token-classification' }>;

/** Labels of tokens, and what is wrong with them. */
export async function tokensOf(
  { output: given, labels: wished, aggregation, offsets, kind }: Settings,
  entry: ModelEntry,
  { outputs }: ModelHead,
  beside: BesideModel,
): Promise<{ rest: Omit<TokenClassification, 'text'> | undefined; problems: Problem[] }> {
  const at = `models.${entry.name}.task`;
  const what = 'floats of [texts, tokens, labels]';
  const { output, problems } = chooseOutput(at, given, outputs, { usual: ['logits'], ranks: [3], what });
  if (!output) return { rest: undefined, problems };
  const found = await labelsOf(wished, entry, output, beside);
  const { labels } = found;
  if (!labels) return { rest: undefined, problems: found.problems };
  return { rest: { kind, output: output.name, labels, aggregation, offsets }, problems: [] };
}
