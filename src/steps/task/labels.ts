import type { ModelEntry } from '../../config/types.ts';
import type { Problem } from '../../errors.ts';
import { nearest } from '../../inputs.ts';
import type { ClassLabel, TensorInfo } from '../../model/tensor-info.ts';
import { type BesideModel, isRecord } from './beside-model.ts';

export interface FoundLabels {
  labels: ClassLabel[] | undefined;
  problems: Problem[];
}

/**
 * What the columns of the output stand for: what models.yaml says, else `labels.json`, `id2label` of config.json, or what
 * the graph says; as many as the output has columns, where it says how many.
 */
export async function labelsOf(
  given: string | string[] | undefined,
  { name, files }: ModelEntry,
  output: TensorInfo,
  beside: BesideModel,
): Promise<FoundLabels> {
  const path = `models.${name}.task.labels`;
  const wrong = (message: string, hint?: string): FoundLabels => ({
    labels: undefined,
    problems: [{ path, message, hint }],
  });
  if (typeof given === 'string' && !files.some((file) => file.path === given)) {
    const close = nearest(
      given,
      files.map((file) => file.path),
    );
    return wrong(`expected the name of one of files, got ${given}.`, close && `Did you mean ${close}?`);
  }
  const labels = await readLabels(given, output, beside);
  if (labels === undefined)
    return wrong(
      'is missing: expected the labels of the output, which neither config.json nor the graph says.',
      'Write them as a list, or into labels.json among files.',
    );
  if (labels === 'unusable')
    return wrong('expected a file with a list of labels, or with labels by index.', 'For instance ["no", "yes"].');
  const columns = output.shape?.[output.shape.length === 4 ? 1 : output.shape.length - 1];
  if (typeof columns === 'number' && columns !== labels.length)
    return wrong(`expected ${columns} labels, one for each column of ${output.name}, got ${labels.length}.`);
  return { labels, problems: [] };
}

async function readLabels(
  given: string | string[] | undefined,
  output: TensorInfo,
  beside: BesideModel,
): Promise<ClassLabel[] | 'unusable' | undefined> {
  if (Array.isArray(given)) return given;
  const file = await beside.json(given ?? 'labels.json');
  if (file !== undefined) return toLabels(file) ?? 'unusable';
  const { id2label } = await beside.object('config.json');
  return (id2label === undefined ? undefined : toLabels(id2label)) ?? output.labels;
}

const isLabel = (value: unknown): value is ClassLabel => typeof value === 'string' || Number.isSafeInteger(value);

/** A list, an object from index to label, or one that has such an object as `id2label`. */
function toLabels(json: unknown): ClassLabel[] | undefined {
  if (Array.isArray(json)) return json.length > 0 && json.every(isLabel) ? json : undefined;
  if (!isRecord(json)) return undefined;
  if (json['id2label'] !== undefined) return toLabels(json['id2label']);
  const labels = Object.keys(json).map((_, index) => json[String(index)]);
  return labels.length > 0 && labels.every(isLabel) ? labels : undefined;
}
