import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Config, ModelEntry, SourceFile } from '../../config/types.ts';
import { type ColdgateError, InputError, toColdgateError } from '../../errors.ts';
import type { GoldenSample } from '../../model/sample.ts';
import { filesOfTask, type TaskSection } from '../../model/task.ts';
import { readSample } from '../../onnx/golden.ts';
import { refusePlaceholder } from '../../onnx/placeholder.ts';
import { type ModelHead, readModelHead } from '../../onnx/read-head.ts';
import type { TaskJob } from '../../optimize/jobs.ts';
import { resolveTask } from '../task/resolve-task.ts';
import { allProblems } from './all-problems.ts';
import { checkCapacity } from './capacity.ts';
import { modelPathOf, withExternalData } from './external-data.ts';

/** A model's files on this machine, looked at and found usable. */
export interface ModelSource {
  /** With the files that the model keeps tensors in, listed or not. */
  entry: ModelEntry;
  /** Paths in the version of those files. */
  externalData: string[];
  /** By these paths, for messages: which tensors a file holds. */
  tensors: ReadonlyMap<string, string>;
  /** Absolute path of the ONNX file. */
  modelPath: string;
  /** Bytes of all files together. */
  size: number;
  /** Of those that a function loads: the model, and the files that it keeps tensors in. */
  modelBytes: number;
  head: ModelHead;
  sample: GoldenSample | undefined;
  /** How requests become tensors, of a model with a task. */
  task: TaskSection | undefined;
}

/** What the child process opens the task with. */
export function taskJob({ task, entry }: Pick<ModelSource, 'task' | 'entry'>): TaskJob | undefined {
  if (!task) return undefined;
  const own = entry.files.filter(({ path }) => filesOfTask(task).includes(path));
  return { section: task, files: Object.fromEntries(own.map(({ path, source }) => [path, source])) };
}

/** What the files of one model turned out to be: usable, or everything wrong with them. */
export type LookedAt = { entry: ModelEntry } & (
  | { source: ModelSource; problems: [] }
  | { source: undefined; problems: [ColdgateError, ...ColdgateError[]] }
);

/** Undefined where there is no model to hold it against. */
async function readGolden(
  { source }: SourceFile,
  head: ModelHead | undefined,
  task: ModelEntry['task'],
  label: string,
) {
  // An empty one is no JSON, which is reported as for any other sample.
  if ((await stat(source)).size > 0) await refusePlaceholder(source, label);
  return head && readSample(source, { ...head, task }, label);
}

/** Bytes of all files, and of those that a function loads. */
async function sizesOf(files: readonly SourceFile[], loaded: readonly string[]) {
  const sizes = await Promise.all(files.map(async ({ path, source }) => ({ path, bytes: (await stat(source)).size })));
  const sum = (some: typeof sizes): number => some.reduce((total, { bytes }) => total + bytes, 0);
  return { size: sum(sizes), modelBytes: sum(sizes.filter(({ path }) => loaded.includes(path))) };
}

async function lookAt(config: Config, entry: ModelEntry): Promise<LookedAt> {
  const problems: ColdgateError[] = [];
  const attempt = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      problems.push(toColdgateError(error));
      return undefined;
    }
  };
  const label = (file: SourceFile | string) => relative(config.root, typeof file === 'string' ? file : file.source);
  const modelPath = modelPathOf(entry);
  const head = await attempt(() => readModelHead(modelPath, label(modelPath)));
  const data = head && (await attempt(() => withExternalData(config, entry, head)));
  problems.push(...(data?.problems ?? []));
  const task = head && (await attempt(() => resolveTask(config, entry, head)));
  const files = [...(data?.files ?? entry.files), ...(task?.files ?? [])];
  const { externalData = [], tensors = new Map<string, string>() } = data ?? {};
  const others = entry.files.filter(({ path }) => path !== entry.model && !externalData.includes(path));
  const { sample: golden } = entry;
  const sample = golden && (await attempt(() => readGolden(golden, head, entry.task, label(golden))));
  for (const file of others.filter(({ path }) => path !== golden?.path)) {
    await attempt(() => refusePlaceholder(file.source, label(file)));
  }
  const sizes = await attempt(() => sizesOf(files, [entry.model, ...externalData]));
  const tooLarge = sizes ? checkCapacity(config, entry, sizes.modelBytes).problems : [];
  if (tooLarge.length > 0) problems.push(new InputError(tooLarge, { code: 'model-over-capacity' }));
  const [first, ...more] = problems;
  if (first || !head || !sizes) return { entry, source: undefined, problems: [first as ColdgateError, ...more] };
  const found = { externalData, tensors, modelPath, ...sizes, head, sample, task: task?.section };
  return { entry, source: { ...found, entry: { ...entry, files } }, problems: [] };
}

/** Looks at the files of every model. Never throws for what is wrong with one of them. */
export function lookAtSources(config: Config, entries: readonly ModelEntry[]): Promise<LookedAt[]> {
  return Promise.all(entries.map((entry) => lookAt(config, entry)));
}

/**
 * Looks at the files of every model before anything is done with one of them.
 * Throws InputError or IntegrityError with all that is wrong.
 */
export async function inspectSources(config: Config, entries: readonly ModelEntry[]): Promise<ModelSource[]> {
  const looked = await lookAtSources(config, entries);
  const errors = looked.flatMap(({ problems }) => problems);
  if (errors.length > 0) throw allProblems(errors);
  return looked.flatMap(({ source }) => (source ? [source] : []));
}
