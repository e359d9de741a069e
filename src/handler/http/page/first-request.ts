import type { TensorInfo } from '../../../model/tensor-info.ts';

/** More is no longer something to edit by hand. */
const maxElements = 4096;

export interface FirstRequest {
  request: unknown;
  isSample: boolean;
}

/** What to try first: the golden sample's inputs, else zeros of the smallest shape. */
export function firstRequest(sample: unknown, inputs: readonly TensorInfo[]): FirstRequest {
  const given = typeof sample === 'object' && sample !== null && 'inputs' in sample ? sample.inputs : undefined;
  if (given !== undefined) return { request: { inputs: given }, isSample: true };
  return { request: { inputs: zerosOf(inputs) }, isSample: false };
}

const zerosOf = (inputs: readonly TensorInfo[]): Record<string, unknown> =>
  Object.fromEntries(inputs.filter(({ optional }) => !optional).map((info) => [info.name, zeros(info)]));

/** One element stands for a shape that is not declared. */
function zeros({ dtype, shape }: TensorInfo): unknown {
  const sizes = (shape ?? [1]).map((size) => (typeof size === 'number' ? size : 1));
  const count = sizes.reduce((product, size) => product * size, 1);
  const zero = dtype === 'string' ? '' : dtype === 'bool' ? false : 0;
  return { shape: sizes, data: Array(Math.min(count, maxElements)).fill(zero) };
}
