import type { Dtype } from './tensor-info.ts';

/** TensorProto.DataType: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3. bfloat16 has no array type in Node. */
export const elementTypes: Readonly<Record<number, Dtype>> = {
  1: 'float32',
  2: 'uint8',
  3: 'int8',
  4: 'uint16',
  5: 'int16',
  6: 'int32',
  7: 'int64',
  8: 'string',
  9: 'bool',
  10: 'float16',
  11: 'float64',
  12: 'uint32',
  13: 'uint64',
};
