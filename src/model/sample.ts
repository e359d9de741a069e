import type { Dtype } from './tensor-info.ts';

/** Nested arrays as written by hand, or flat data with a shape. int64 beyond 2^53 as strings. */
export type TensorJson = TensorNested | { dtype?: Dtype; shape: number[]; data: (number | string | boolean)[] };
export type TensorNested = number | string | boolean | TensorNested[];

/**
 * The golden sample of a model (`sample:` in models.yaml): inputs to run, and outputs that a healthy function returns.
 * Without `outputs` any successful answer with the right names, dtypes and shapes passes.
 */
export interface Sample {
  inputs: Record<string, TensorJson>;
  outputs?: Record<string, TensorJson>;
  /** |got - want| <= absolute + relative * |want|. Default 1e-3 relative, 1e-5 absolute. */
  tolerance?: { relative?: number; absolute?: number };
}
