import { isRuntimeFormat } from '../../model/layout.ts';
import type { Artifact } from '../../model/manifest.ts';
import { tokenizerFormat } from '../../model/task.ts';
import { runtimeVersion } from '../session/runtime.ts';
import type { Resolved } from './resolve.ts';

/** A load-optimised form of a version: the file to load, and weights that have to lie beside it. */
export interface ChosenForm {
  main: Artifact;
  weights: Artifact[];
}

export interface Forms {
  /** Made by exactly this runtime. */
  optimized: ChosenForm | undefined;
  /** What is loaded where that cannot be had: the form with tensors alone; undefined for the model as published. */
  plain: ChosenForm | undefined;
}

export function chooseForms({ artifacts }: Pick<Resolved, 'artifacts'>): Forms {
  const tensors = tensorForm(artifacts);
  return { optimized: optimizedForm(artifacts), plain: tensors && { main: tensors, weights: [] } };
}

/** The model with tensors in place of outputs that are none; undefined where it has no such outputs. */
export const tensorForm = (artifacts: readonly Artifact[]): Artifact | undefined =>
  artifacts.find(({ kind }) => kind === 'tensors');

/** The compiled tokenizer of the version's task, in the format that this release reads. */
export const compiledTokenizer = (artifacts: readonly Artifact[]): Artifact | undefined =>
  artifacts.find(({ kind, runtime_version }) => kind === 'tokenizer' && runtime_version === tokenizerFormat);

function optimizedForm(artifacts: readonly Artifact[]): ChosenForm | undefined {
  const ours = artifacts.filter((one) => one.runtime_version === runtimeVersion);
  const main = ours.find((one) => isMain(one));
  if (!main) return undefined;
  const weights = ours.filter((one) => one.kind === main.kind && one !== main);
  return weights.every(isNamedByDigest) ? { main, weights } : undefined;
}

const isMain = ({ kind, path }: Artifact): boolean =>
  (kind === 'cold' && isRuntimeFormat(path)) || (kind === 'steady' && path.endsWith('.onnx'));

/** The graph refers to its weights by the name that the cache gives them. */
const isNamedByDigest = ({ path, sha256 }: Artifact): boolean => path.endsWith(`/${sha256}.bin`);
