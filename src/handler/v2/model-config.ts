import type { TensorInfo } from '../../model/manifest.ts';
import type { Signature } from '../signature.ts';
import { datatypeOf } from './datatypes.ts';

/**
 * What Triton's model configuration extension tells of a model, as far as it holds here: no batching of its own, hence
 * `max_batch_size` 0 and whole shapes. Free dimensions are -1.
 * https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_configuration.md
 */
export const describeConfig = (name: string, { inputs, outputs }: Signature) => ({
  name,
  platform: 'onnxruntime_onnx',
  backend: 'onnxruntime',
  max_batch_size: 0,
  input: inputs.map(describeTensor),
  output: outputs.map(describeTensor),
});

const describeTensor = (info: TensorInfo): Record<string, unknown> => ({
  name: info.name,
  data_type: `TYPE_${info.dtype === 'string' ? 'STRING' : datatypeOf(info.dtype)}`,
  dims: dimensionsOf(info),
  ...(info.optional && { optional: true }),
});

/** Free dimensions are -1 in the protocol, which has no form for a shape that is not declared: one of those then. */
export const dimensionsOf = ({ shape }: TensorInfo): number[] =>
  (shape ?? ['']).map((size) => (typeof size === 'number' ? size : -1));
