import { shortFloat16, shortFloat32 } from './short-float.ts';
import type { TensorData } from './tensor-elements.ts';
import { describeShape } from './tensor-error.ts';
import type { Dtype } from './tensor-info.ts';
import { countOf } from './tensor-json.ts';

/** What an element of an output looks like in JSON. */
export type ElementJson = number | string | boolean;
export type NestedJson = ElementJson | NestedJson[];

/** Elements exactly: int64 beyond 2^53 as digits, NaN and the infinities by name, float16 bits as numbers. */
export const exactElements = (dtype: Dtype, data: TensorData | Float16Array): ElementJson[] =>
  elementsBy(dtype, data, (value) => value);

/** The same in as few digits as read back as the same float, for those who get them as JSON. */
export const elementsToJson = (dtype: Dtype, data: TensorData | Float16Array): ElementJson[] =>
  elementsBy(dtype, data, shortForms[dtype] ?? ((value) => value));

const shortForms: Partial<Record<Dtype, (value: number) => number>> = { float32: shortFloat32, float16: shortFloat16 };

function elementsBy(dtype: Dtype, data: TensorData | Float16Array, form: (value: number) => number): ElementJson[] {
  if (Array.isArray(data)) return data;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Array.from(data, bigToJson);
  if (dtype === 'bool') return Array.from(data, (value) => value !== 0);
  const numbers =
    dtype === 'float16' && data instanceof Uint16Array
      ? new Float16Array(data.buffer, data.byteOffset, data.length)
      : data;
  const out = new Array<ElementJson>(numbers.length);
  for (let i = 0; i < out.length; i++) {
    const value = numbers[i] as number;
    out[i] = Number.isFinite(value) ? form(value) : String(value);
  }
  return out;
}

const bigToJson = (value: bigint): number | string =>
  value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);

/** Nested arrays of the shape; a single value for rank 0. Throws RangeError when data and shape disagree. */
export function formatTensor(dtype: Dtype, shape: readonly number[], data: TensorData | Float16Array): NestedJson {
  const flat = elementsToJson(dtype, data);
  if (flat.length !== countOf(shape)) {
    throw new RangeError(`${flat.length} elements do not make a tensor of shape ${describeShape(shape)}`);
  }
  if (shape.length === 0) return flat[0] as ElementJson;
  return nest(flat, shape, 0, { offset: 0 });
}

function nest(flat: ElementJson[], shape: readonly number[], depth: number, cursor: { offset: number }): NestedJson[] {
  const length = shape[depth] as number;
  if (depth === shape.length - 1) {
    cursor.offset += length;
    return depth === 0 ? flat : flat.slice(cursor.offset - length, cursor.offset);
  }
  return Array.from({ length }, () => nest(flat, shape, depth + 1, cursor));
}
