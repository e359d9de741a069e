import type { ModelEntry, TaskSettings } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import type { ScoreRule, TextClassification } from '../../model/task.ts';
import type { ModelHead } from '../../onnx/read-head.ts';
import type { BesideModel } from './beside-model.ts';
import { labelsOf } from './labels.ts';
import { chooseOutput } from './outputs.ts';

type Settings = Extract<TaskSettings, { kind: 'text-classification' | 'image-classification' }>;

/** Labels and scores of a classification, and what is wrong with them. */
export async function classificationOf(
  { output: given, labels: wished, scores, top, kind }: Settings,
  entry: ModelEntry,
  { outputs }: ModelHead,
  beside: BesideModel,
): Promise<{ rest: Omit<TextClassification, 'kind' | 'text'> | undefined; problems: Problem[] }> {
  const at = `models.${entry.name}.task`;
  // Networks of convolutions alone answer [pictures, labels, 1, 1].
  const [ranks, what] = kind === 'text-classification' ? [[2], 'texts'] : [[2, 4], 'pictures'];
  const wanted = { usual: ['logits'], ranks, what: `floats of [${what}, labels]` };
  const { output, problems } = chooseOutput(at, given, outputs, wanted);
  if (!output) return { rest: undefined, problems };
  const found = await labelsOf(wished, entry, output, beside);
  const { labels } = found;
  if (!labels) return { rest: undefined, problems: found.problems };
  const rule = scores ?? (await usualRule(labels.length, beside));
  return { rest: { output: output.name, labels, scores: rule, top }, problems: [] };
}

/** As pipelines of transformers choose it: https://huggingface.co/docs/transformers/main_classes/pipelines. */
async function usualRule(labels: number, beside: BesideModel): Promise<ScoreRule> {
  const { problem_type: type } = await beside.object('config.json');
  if (type === 'regression') return 'none';
  return type === 'multi_label_classification' || labels === 1 ? 'sigmoid' : 'softmax';
}
