import { lstatSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import type { Config, ModelEntry, SourceFile } from '../../config/types.ts';
import { type ColdgateError, InputError } from '../../errors.ts';
import { isFilePath, nameRules } from '../../model/names.ts';
import { type ExternalFile, findExternalData } from '../../onnx/external-files.ts';
import { externalNames } from '../../onnx/external-names.ts';
import { ModelFault } from '../../onnx/model-fault.ts';
import { type ModelHead, readModelHead } from '../../onnx/read-head.ts';
import { resolveTask } from '../task/resolve-task.ts';

export interface WithExternalData {
  /** All files of the version: those of models.yaml, and those that the model names. */
  files: SourceFile[];
  /** Paths in the version of the files that the model keeps tensors in. */
  externalData: string[];
  /** By these paths, for messages: which tensors a file holds. */
  tensors: Map<string, string>;
  problems: ColdgateError[];
}

export function modelPathOf(entry: ModelEntry): string {
  const file = entry.files.find((f) => f.path === entry.model);
  if (!file) throw new RangeError(`${entry.name} names no file ${entry.model}`);
  return file.source;
}

/**
 * The files that the model keeps tensors in, which need not be listed in models.yaml: the runtime looks for them beside
 * the model under the names that the model has for them, so they lie there here and in the version.
 */
export async function withExternalData(config: Config, entry: ModelEntry, head: ModelHead): Promise<WithExternalData> {
  const files = [...entry.files];
  const tensors = new Map<string, string>();
  if (head.externalData.length === 0) return { files, externalData: [], tensors, problems: [] };
  const model = modelPathOf(entry);
  const label = relative(config.root, model);
  const { files: found, faults } = await findExternalData(model, head.externalData);
  const problems: ColdgateError[] = faults.map((fault) => fault.toError(label));
  for (const file of found) {
    const path = posix.join(posix.dirname(entry.model), file.path);
    const listed = entry.files.find((one) => one.path.toLowerCase() === path.toLowerCase());
    if (!isFilePath(path)) {
      problems.push(
        new ModelFault(
          'external-data',
          `needs the file ${path}: files of a version have names of ${nameRules.file}`,
          'Put the model higher up in the version.',
        ).toError(label),
      );
    } else if (listed && (listed.path !== path || listed.source !== file.source)) {
      problems.push(otherSource(config, entry, listed, file));
    } else {
      if (!listed) files.push({ path, source: file.source });
      tensors.set(path, file.tensors);
    }
  }
  return { files, externalData: [...tensors.keys()].sort(), tensors, problems };
}

function otherSource(config: Config, entry: ModelEntry, listed: SourceFile, file: ExternalFile): InputError {
  const [want, got] = [file.source, listed.source].map((path) => relative(config.root, path)) as [string, string];
  const message = `expected ${want}, which ${relative(config.root, modelPathOf(entry))} keeps tensors in, got ${got} as ${listed.path}.`;
  const hint = 'Take the line out: files that a model keeps tensors in are found beside it.';
  return new InputError([{ path: `models.${entry.name}.files.${listed.path}`, message, hint }]);
}

/**
 * The entry with these files, also those that are missing; as it is where the model cannot be read, or names what no
 * version can have. What is wrong is reported where the model is looked at.
 */
export async function completeEntry(config: Config, entry: ModelEntry): Promise<ModelEntry> {
  try {
    const model = modelPathOf(entry);
    const head = await readModelHead(model);
    const { files } = await withExternalData(config, entry, head);
    files.push(...((await resolveTask(config, entry, head).catch(() => undefined))?.files ?? []));
    for (const name of await externalNames(model, entry.model)) {
      const path = posix.join(posix.dirname(entry.model), name);
      const source = join(dirname(model), name);
      const isMissing = lstatSync(source, { throwIfNoEntry: false }) === undefined;
      if (isMissing && !files.some((file) => file.path === path)) files.push({ path, source });
    }
    return { ...entry, files };
  } catch {
    return entry;
  }
}
