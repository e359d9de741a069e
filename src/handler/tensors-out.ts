import { elementsToJson, formatTensor } from '../model/tensor-json.ts';
import type { Tensors } from './session.ts';
import type { TensorForm } from './tensors-in.ts';

/** Outputs in the form that the inputs came in: nested lists, or `{ shape, dtype, data }`. */
export function writeOutputs(outputs: Tensors, form: TensorForm): Record<string, unknown> {
  const written: [string, unknown][] = [];
  for (const [name, { dtype, shape, data }] of outputs) {
    const tensor =
      form === 'flat' ? { shape, dtype, data: elementsToJson(dtype, data) } : formatTensor(dtype, shape, data);
    written.push([name, tensor]);
  }
  return Object.fromEntries(written);
}
