import type { Config, ModelEntry, SourceFile, TaskSettings } from '../../config/types.ts';
import { InputError, type Problem } from '../../errors.ts';
import type { TaskSection } from '../../model/task.ts';
import type { ModelHead } from '../../onnx/read-head.ts';
import { BesideModel } from './beside-model.ts';
import { classificationOf } from './classification.ts';
import { embeddingOf } from './embedding.ts';
import { picturesOf, pictureVectorsOf } from './pictures.ts';
import { tabularOf } from './tabular.ts';
import { textInputs } from './text-inputs.ts';
import { tokensOf } from './token-classification.ts';

type TextSettings = Extract<TaskSettings, { kind: 'text-classification' | 'text-embedding' | 'token-classification' }>;

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
  switch (task.kind) {
    case 'text-classification':
    case 'text-embedding':
    case 'token-classification':
      return resolveText(task, entry, head, beside);
    case 'tabular': {
      const { section, problems } = await tabularOf(task, entry, head, beside);
      if (!section) throw new InputError(problems, { code: 'bad-task' });
      return { section, files: [] };
    }
    default:
      return { section: await resolvePictures(task, entry, head, beside), files: [] };
  }
}

async function resolveText(
  task: TextSettings,
  entry: ModelEntry,
  head: ModelHead,
  beside: BesideModel,
): Promise<ResolvedTask> {
  const inputs = await textInputs(task, entry, head, beside);
  const { text } = inputs;
  const found = await restOf(task, entry, head, beside);
  const problems: Problem[] = [...inputs.problems, ...found.problems];
  if (problems.length > 0 || !text || !found.rest) throw new InputError(problems, { code: 'bad-task' });
  const listed = entry.files.some(({ path }) => path === inputs.file.path);
  const section = { kind: task.kind, ...found.rest, text } as TaskSection;
  return { section, files: listed ? [] : [inputs.file] };
}

/** What the kinds do not have in common. */
function restOf(task: TextSettings, entry: ModelEntry, head: ModelHead, beside: BesideModel) {
  if (task.kind === 'text-embedding') return embeddingOf(task, entry, head, beside);
  if (task.kind === 'token-classification') return tokensOf(task, entry, head, beside);
  return classificationOf(task, entry, head, beside);
}

async function resolvePictures(
  task: Extract<TaskSettings, { kind: 'image-classification' | 'image-embedding' }>,
  entry: ModelEntry,
  head: ModelHead,
  beside: BesideModel,
): Promise<TaskSection> {
  const { picture, problems: wrong } = await picturesOf(task, entry, head, beside);
  const found =
    task.kind === 'image-embedding'
      ? pictureVectorsOf(task, entry, head)
      : await classificationOf(task, entry, head, beside);
  const problems: Problem[] = [...wrong, ...found.problems];
  if (problems.length > 0 || !picture || !found.rest) throw new InputError(problems, { code: 'bad-task' });
  return { kind: task.kind, ...found.rest, picture } as TaskSection;
}
