import { stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Config, ModelEntry } from '../config/types.ts';
import { type ColdgateError, exitCodes, InputError, IntegrityError, type Problem, toColdgateError } from '../errors.ts';
import type { Sample } from '../model/sample.ts';
import { readSample } from '../onnx/golden.ts';
import { type ModelHead, readModelHead } from '../onnx/read-head.ts';

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

export function modelPathOf(entry: ModelEntry): string {
  const file = entry.files.find((f) => f.path === entry.model);
  if (!file) throw new RangeError(`${entry.name} names no file ${entry.model}`);
  return file.source;
}

async function inspect(config: Config, entry: ModelEntry): Promise<ModelSource> {
  const label = (path: string) => relative(config.root, path);
  const modelPath = modelPathOf(entry);
  const head = await readModelHead(modelPath, label(modelPath));
  if (head.externalData.length > 0) {
    const hint = 'Save it as one file: onnx.save_model(model, path, save_as_external_data=False).';
    const names = head.externalData.slice(0, 3).join(', ');
    throw new IntegrityError('model-unsupported', `${label(modelPath)} keeps weights in other files (${names}).`, {
      hint,
    });
  }
  const sample = entry.sample && (await readSample(entry.sample.source, head, label(entry.sample.source)));
  const sizes = await Promise.all(entry.files.map(async (f) => (await stat(f.source)).size));
  return { entry, modelPath, size: sizes.reduce((a, b) => a + b, 0), head, sample };
}

/** One error that says everything: problems of all files; exit 3 only when every one is a matter of integrity. */
function joined(errors: readonly ColdgateError[]): ColdgateError {
  const [first] = errors;
  if (errors.length === 1 && first) return first;
  if (errors.every((e) => e.exit === exitCodes.integrity)) {
    return new IntegrityError(errors[0]?.code ?? 'model-invalid', errors.map((e) => e.message).join('\n'), {
      hint: [...new Set(errors.map((e) => e.hint).filter(Boolean))].join(' ') || undefined,
    });
  }
  const problems = errors.flatMap((e): readonly Problem[] =>
    e instanceof InputError ? e.problems : [{ path: '', message: e.message, hint: e.hint }],
  );
  return new InputError(problems);
}

/**
 * Looks at the files of every model before anything is done with one of them.
 * Throws InputError or IntegrityError with all that is wrong.
 */
export async function inspectSources(config: Config, entries: readonly ModelEntry[]): Promise<ModelSource[]> {
  const settled = await Promise.allSettled(entries.map((entry) => inspect(config, entry)));
  const errors = settled.flatMap((s) => (s.status === 'rejected' ? [toColdgateError(s.reason)] : []));
  const unexpected = errors.find((e) => e.exit === 1);
  if (unexpected) throw unexpected;
  if (errors.length > 0) throw joined(errors);
  return settled.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
}
