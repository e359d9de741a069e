import { InputError, IntegrityError, type Problem } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { isArtifactPath } from '../../model/layout.ts';
import type { Artifact, Source } from '../../model/manifest.ts';
import { isFilePath, isModelName, isVersion, nameRules } from '../../model/names.ts';
import type { Probe } from '../../model/probe.ts';
import type { TaskSection } from '../../model/task.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import type { Store } from '../../stores/store.ts';
import type { LocalFile, LocalReading } from './local-file.ts';

/** The manifest's fields on the graph; `readModelHead` in src/onnx returns them. */
export interface GraphDescription {
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  opset: number;
  irVersion: number;
  producer: string;
  /** Whether a run may have no end. */
  unbounded?: boolean;
}

/** A load-optimised form of the model; `entry.path` begins with `artifacts/`. */
export interface ArtifactSource {
  entry: Artifact;
  /** Absolute path on this machine. */
  source: string;
  /** The version is not published without it. */
  required?: boolean | undefined;
}

export interface PublishInput extends LocalReading {
  store: Store;
  model: string;
  version: string;
  files: readonly LocalFile[];
  /** Which of `files` is the ONNX model, and which the golden sample. */
  modelPath: string;
  samplePath?: string | undefined;
  /** Which of `files` the model keeps tensors in. */
  externalData?: readonly string[] | undefined;
  /** How requests become tensors, of a model with a task. */
  task?: TaskSection | undefined;
  head: GraphDescription;
  /** Made at once, or, by a function, only when the version is really published. */
  artifacts: readonly ArtifactSource[] | (() => Promise<readonly ArtifactSource[]>);
  /**
   * Called before the first byte is written, and in a dry run: returns what the manifest keeps of it, and throws where the
   * version would not serve.
   */
  prove?: (() => Promise<Probe | undefined>) | undefined;
  sourceInfo: Source;
  /** Version of this tool. */
  coldgateVersion: string;
  now: () => Date;
  /** Reports what would happen and writes nothing. */
  dryRun?: boolean | undefined;
  log: Logger;
}

/** Throws InputError with every problem at once: names that no key may have, paths twice or missing. */
export function checkPublishInput(input: PublishInput): void {
  const problems: Problem[] = [];
  const add = (path: string, message: string) => problems.push({ path, message });
  if (!isModelName(input.model)) add('model', `expected ${nameRules.model}, got ${JSON.stringify(input.model)}.`);
  if (!isVersion(input.version)) add('version', `expected ${nameRules.version}, got ${JSON.stringify(input.version)}.`);
  const seen = new Set<string>();
  for (const { path } of input.files) {
    if (!isFilePath(path)) add(`files.${path}`, `expected ${nameRules.file}, got ${JSON.stringify(path)}.`);
    if (seen.has(path.toLowerCase())) add(`files.${path}`, 'is there twice, or differs from another in case alone.');
    seen.add(path.toLowerCase());
  }
  const named = (path: string) => input.files.some((file) => file.path === path);
  if (!named(input.modelPath)) add('files', `there is no ${input.modelPath}, which should be the model.`);
  for (const path of input.externalData ?? []) {
    if (!named(path) || path === input.modelPath) add('files', `there is no ${path}, which the model needs beside it.`);
  }
  if (input.samplePath !== undefined && !named(input.samplePath)) {
    add('sample', `${input.samplePath} is not among the files.`);
  }
  if (problems.length > 0) throw new InputError(problems);
  if (input.head.inputs.length === 0) {
    throw new IntegrityError('model-without-input', `${input.modelPath} has no input, so no function could serve it.`, {
      hint: 'Export the model with at least one graph input.',
    });
  }
}

/** Throws InputError when an artifact could not lie under `artifacts/`. */
export function checkArtifacts(artifacts: readonly ArtifactSource[]): void {
  const bad = artifacts.filter(({ entry }) => !isArtifactPath(entry.path));
  if (bad.length > 0) {
    throw new InputError(
      bad.map(({ entry }) => ({
        path: 'artifacts',
        message: `expected a path below artifacts/, got ${JSON.stringify(entry.path)}.`,
      })),
    );
  }
}
