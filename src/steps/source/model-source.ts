import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Config, ModelEntry, SourceFile } from '../../config/types.ts';
import { type ColdgateError, IntegrityError, toColdgateError } from '../../errors.ts';
import type { Sample } from '../../model/sample.ts';
import { readSample } from '../../onnx/golden.ts';
import { refusePlaceholder } from '../../onnx/placeholder.ts';
import { type ModelHead, readModelHead } from '../../onnx/read-head.ts';
import { allProblems } from './all-problems.ts';

/** A model's files on this machine, looked at and found usable. */
export interface ModelSource {
  entry: ModelEntry;
  /** Absolute path of the ONNX file. */
  modelPath: string;
  /** Bytes of all files together. */
  size: number;
  head: ModelHead;
  sample: Sample | undefined;
}

/** What the files of one model turned out to be: usable, or everything wrong with them. */
export type LookedAt = { entry: ModelEntry } & (
  | { source: ModelSource; problems: [] }
  | { source: undefined; problems: [ColdgateError, ...ColdgateError[]] }
);

export function modelPathOf(entry: ModelEntry): string {
  const file = entry.files.find((f) => f.path === entry.model);
  if (!file) throw new RangeError(`${entry.name} names no file ${entry.model}`);
  return file.source;
}

async function readHead(modelPath: string, label: string): Promise<ModelHead> {
  const head = await readModelHead(modelPath, label);
  if (head.externalData.length > 0) {
    const hint =
      'Save it as one file, of at most 2 GiB: onnx.save_model(model, path, save_as_external_data=False). Above that, make it smaller first, for example in float16.';
    const names = head.externalData.slice(0, 3).join(', ');
    throw new IntegrityError('model-unsupported', `${label} keeps weights in other files (${names}).`, { hint });
  }
  return head;
}

/** Undefined where there is no model to hold it against. */
async function readGolden({ source }: SourceFile, head: ModelHead | undefined, label: string) {
  // An empty one is no JSON, which is reported as for any other sample.
  if ((await stat(source)).size > 0) await refusePlaceholder(source, label);
  return head && readSample(source, head, label);
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
  const head = await attempt(() => readHead(modelPath, label(modelPath)));
  const others = entry.files.filter((file) => file.path !== entry.model);
  const { sample: golden } = entry;
  const sample = golden && (await attempt(() => readGolden(golden, head, label(golden))));
  for (const file of others.filter(({ path }) => path !== golden?.path)) {
    await attempt(() => refusePlaceholder(file.source, label(file)));
  }
  const sizes = await attempt(() => Promise.all(entry.files.map(async (f) => (await stat(f.source)).size)));
  const [first, ...more] = problems;
  if (first || !head || !sizes) return { entry, source: undefined, problems: [first as ColdgateError, ...more] };
  const source = { entry, modelPath, size: sizes.reduce((a, b) => a + b, 0), head, sample };
  return { entry, source, problems: [] };
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
