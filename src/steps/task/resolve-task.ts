import type { Config, ModelEntry, SourceFile, TaskSettings } from '../../config/types.ts';
import { InputError, type Problem } from '../../errors.ts';
import type { TaskSection } from '../../model/task.ts';
import type { ModelHead } from '../../onnx/read-head.ts';
import { BesideModel } from './beside-model.ts';
import { classificationOf } from './classification.ts';
import { embeddingOf } from './embedding.ts';
import { textInputs } from './text-inputs.ts';
import { tokensOf } from './token-classification.ts';

export interface ResolvedTask {
  section: TaskSection;
  /** Files of the version that models.yaml does not list. */
  files: SourceFile[];
}

/**
 * The section of the manifest: what models.yaml says of the task, completed by what lies beside the model, and held against
 * the graph. Throws one InputError `bad-task` with everything wrong.
 */
export async function resolveTask(
  config: Config,
  entry: ModelEntry,
  head: ModelHead,
): Promise<ResolvedTask | undefined> {
  const { task } = entry;
  if (!task) return undefined;
  const beside = new BesideModel(config, entry);
  const inputs = await textInputs(task, entry, head, beside);
  const { text } = inputs;
  const found = await restOf(task, entry, head, beside);
  const problems: Problem[] = [...inputs.problems, ...found.problems];
  if (problems.length > 0 || !text || !found.rest) throw new InputError(problems, { code: 'bad-task' });
  const listed = entry.files.some(({ path }) => path === inputs.file.path);
  const section = { ...found.rest, text } as TaskSection;
  return { section, files: listed ? [] : [inputs.file] };
}

/** What the kinds do not have in common. */
function restOf(task: TaskSettings, entry: ModelEntry, head: ModelHead, beside: BesideModel) {
  if (task.kind === 'text-embedding') return embeddingOf(task, entry, head, beside);
  if (task.kind === 'token-classification') return tokensOf(task, entry, head, beside);
  return classificationOf(task, entry, head, beside);
}
