import type { TensorInfo } from '../../../model/tensor-info.ts';

/** Free dimensions are -1 in the protocol, which has no form for a shape that is not declared: one of those then. */
export const dimensionsOf = ({ shape }: TensorInfo): number[] =>
  (shape ?? ['']).map((size) => (typeof size === 'number' ? size : -1));
