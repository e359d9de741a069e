import { elementsToJson, formatTensor } from '../../model/tensor-format.ts';
import type { ParsedTensor } from '../../model/tensor-json.ts';
import type { Tensors } from '../session/session.ts';
import type { TensorForm } from './tensors-in.ts';

/** The elements of a tensor, as they are written. */
export interface Elements {
  tensor: ParsedTensor;
  /** Of the lists that they are in. */
  shape: readonly number[];
  /** Whether whole numbers beyond 2^53 are numbers, and not texts of digits. */
  asNumbers?: boolean;
}

/** Takes elements that are written later, and returns what stands for them in the document. */
export type Put = (elements: Elements) => unknown;

/** Responses with more elements than this are written in several turns of the event loop. */
const largeElements = 131_072;
/** So many elements are written with the rest of the document. */
const fewElements = 1024;

/** Outputs in the form that the inputs came in: nested lists, or `{ shape, dtype, data }`. */
export function writeOutputs(outputs: Tensors, form: TensorForm, put?: Put): Record<string, unknown> {
  const written: [string, unknown][] = [];
  for (const [name, tensor] of outputs) {
    const { dtype, shape, data } = tensor;
    if (form === 'flat') written.push([name, { shape, dtype, data: writeFlat(tensor, put) }]);
    else {
      const later = isLater(tensor, put);
      written.push([name, later ? later({ tensor, shape }) : formatTensor(dtype, shape, data)]);
    }
  }
  return Object.fromEntries(written);
}

export const isLater = ({ data }: ParsedTensor, put: Put | undefined): Put | undefined =>
  data.length > fewElements ? put : undefined;

function writeFlat(tensor: ParsedTensor, put: Put | undefined): unknown {
  const { dtype, data } = tensor;
  return isLater(tensor, put)?.({ tensor, shape: [data.length] }) ?? elementsToJson(dtype, data);
}

export const isLarge = (all: Iterable<Tensors>): boolean => countElements(all) > largeElements;

export function countElements(all: Iterable<Tensors>): number {
  let elements = 0;
  for (const outputs of all) for (const { data } of outputs.values()) elements += data.length;
  return elements;
}
