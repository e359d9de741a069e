import type { Signature, Tensors } from '../handler/session/session.ts';
import { describeShape } from '../model/tensor-error.ts';
import type { TensorInfo } from '../model/tensor-info.ts';
import { bindSymbols, checkShape, TensorError } from '../model/tensor-json.ts';

/**
 * Where the tensors of a run are otherwise than the model declares them, in sentences: an output of another shape,
 * dimensions of one name and two sizes. The runtime serves such models, and so do functions: it is good to know, no more.
 */
export function shapeDifferences(declared: Signature, feeds: Tensors, outputs: Tensors): string[] {
  const bound = new Map<string, number>();
  return [
    ...declared.inputs.flatMap((info) => differenceOf('input', info, feeds, bound)),
    ...declared.outputs.flatMap((info) => differenceOf('output', info, outputs, bound)),
  ];
}

function differenceOf(
  role: 'input' | 'output',
  info: TensorInfo,
  tensors: Tensors,
  bound: Map<string, number>,
): string[] {
  const tensor = tensors.get(info.name);
  if (!tensor) return [];
  try {
    checkShape(tensor.shape, info);
    bindSymbols(tensor.shape, info, bound);
    return [];
  } catch (error) {
    if (!(error instanceof TensorError)) throw error;
    const shapes = `declares the shape ${describeShape(info.shape)} and has ${describeShape(tensor.shape)}`;
    return [`The ${role} "${info.name}" ${shapes}; the function answers with what the model gives.`];
  }
}
