import type { Artifact } from '../../model/manifest.ts';
import { runtimeVersion } from '../session/runtime.ts';
import type { Resolved } from './resolve.ts';

/** A load-optimised form of a version: the file to load, and weights that have to lie beside it. */
export interface ChosenForm {
  main: Artifact;
  weights: Artifact[];
}

/** The form that was made by exactly this runtime; undefined where the model is to be loaded as published. */
export function chooseForm({ artifacts }: Pick<Resolved, 'artifacts'>): ChosenForm | undefined {
  const ours = artifacts.filter((one) => one.runtime_version === runtimeVersion);
  const main = ours.find((one) => isMain(one));
  if (!main) return undefined;
  const weights = ours.filter((one) => one.kind === main.kind && one !== main);
  return weights.every(isNamedByDigest) ? { main, weights } : undefined;
}

const isMain = ({ kind, path }: Artifact): boolean =>
  (kind === 'cold' && path.endsWith('.ort')) || (kind === 'steady' && path.endsWith('.onnx'));

/** The graph refers to its weights by the name that the cache gives them. */
const isNamedByDigest = ({ path, sha256 }: Artifact): boolean => path.endsWith(`/${sha256}.bin`);
