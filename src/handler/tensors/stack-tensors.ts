import type { ParsedTensor, TensorData } from '../../model/tensor-json.ts';

type NumericArray = Exclude<TensorData, string[]>;
type ArrayOf = new (length: number) => NumericArray;

/** One tensor of all rows; the shapes agree but for the first dimension. */
export function joinTensors(tensors: readonly ParsedTensor[]): ParsedTensor {
  const [first] = tensors as readonly [ParsedTensor, ...ParsedTensor[]];
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.shape[0] ?? 0), 0);
  const shape = [rows, ...first.shape.slice(1)];
  if (Array.isArray(first.data)) {
    return { dtype: first.dtype, shape, data: tensors.flatMap((tensor) => tensor.data as string[]) };
  }
  const data = new (first.data.constructor as ArrayOf)(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let at = 0;
  for (const tensor of tensors) {
    // The dtype decides the array type, and all tensors here have one dtype.
    (data as Float32Array).set(tensor.data as Float32Array, at);
    at += tensor.data.length;
  }
  return { dtype: first.dtype, shape, data };
}

/** The rows of each item again; undefined when the tensor has another number of rows than went in. */
export function splitTensor({ dtype, shape, data }: ParsedTensor, rows: readonly number[]): ParsedTensor[] | undefined {
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (shape[0] !== total) return undefined;
  const width = data.length / total;
  let at = 0;
  return rows.map((count) => {
    const part = data.slice(at * width, (at + count) * width);
    at += count;
    return { dtype, shape: [count, ...shape.slice(1)], data: part };
  });
}
