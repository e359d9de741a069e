import type { ParsedTensor } from '../model/tensor-json.ts';
import { TaskError, type Tensors } from './task.ts';

/** The floats of an output, and its shape. */
export interface Floats {
  data: ArrayLike<number>;
  shape: readonly number[];
}

/**
 * The output that a task reads.
 * @param ranks how many dimensions it may have
 * @param rows how many inputs the run had
 * @throws TaskError where the model answered something else than the task was published for
 */
export function floatsOf(outputs: Tensors, name: string, ranks: readonly number[], rows: number): Floats {
  const { dtype, shape, data } = outputs.get(name) as ParsedTensor;
  const isFloat = dtype === 'float32' || dtype === 'float64' || dtype === 'float16';
  if (!isFloat || !ranks.includes(shape.length) || shape[0] !== rows)
    throw mismatch(`the output ${name} is ${dtype} [${shape.join(', ')}]`);
  // The runtime's type for float16 holds bits where Node has no Float16Array.
  const numbers =
    dtype === 'float16' && data instanceof Uint16Array
      ? new Float16Array(data.buffer, data.byteOffset, data.length)
      : (data as Float32Array);
  return { data: numbers, shape };
}

/** The model answers otherwise than its task expects: nobody's request can be answered. */
export const mismatch = (what: string): TaskError =>
  new TaskError(422, 'task-mismatch', `The model does not answer as its task expects: ${what}.`);
