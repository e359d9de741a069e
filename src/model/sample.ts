import type { Dtype } from './tensor-info.ts';

/** Nested arrays as written by hand, or flat data with a shape. int64 beyond 2^53 as strings. */
export type TensorJson = TensorNested | { dtype?: Dtype; shape: number[]; data: (number | string | boolean)[] };
export type TensorNested = number | string | boolean | TensorNested[];

/** |got - want| <= absolute + relative * |want|. Default 1e-3 relative, 1e-5 absolute. */
interface Tolerated {
  tolerance?: { relative?: number; absolute?: number };
}

/**
 * A golden sample of tensors: inputs to run, and outputs that a healthy function returns. Without `outputs` any
 * successful answer with the right names, dtypes and shapes passes.
 */
export interface Sample extends Tolerated {
  inputs: Record<string, TensorJson>;
  outputs?: Record<string, TensorJson>;
}

/**
 * A golden sample of a model with a task: the body of a request to `/v1/predict`, and the answer. Without `answer` any
 * answer without an error passes.
 */
export interface RequestSample extends Tolerated {
  request: unknown;
  answer?: { predictions: unknown[] };
}

/** The golden sample of a model (`sample:` in models.yaml), in either form. */
export type GoldenSample = Sample | RequestSample;

export const isRequestSample = (sample: GoldenSample): sample is RequestSample => 'request' in sample;

/** The path below `/v1` that a sample is sent to, and the body. */
export const requestOf = (sample: GoldenSample): { path: '/v1/infer' | '/v1/predict'; json: unknown } =>
  isRequestSample(sample)
    ? { path: '/v1/predict', json: sample.request }
    : { path: '/v1/infer', json: { inputs: sample.inputs } };
