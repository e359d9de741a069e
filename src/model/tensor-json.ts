import { shortFloat16, shortFloat32 } from './short-float.ts';
import { filler, type TensorData, type Way } from './tensor-elements.ts';
import { describeShape, describeValue, TensorError } from './tensor-error.ts';
import type { Dtype, TensorInfo } from './tensor-info.ts';

export type { TensorData } from './tensor-elements.ts';
export { TensorError } from './tensor-error.ts';

/** A tensor ready for the runtime: `new Tensor(dtype, data, shape)`. */
export interface ParsedTensor {
  dtype: Dtype;
  shape: number[];
  data: TensorData;
}

/** What an element of an output looks like in JSON. */
export type ElementJson = number | string | boolean;
export type NestedJson = ElementJson | NestedJson[];

/**
 * Reads nested arrays, or `{ dtype?, shape, data }` with flat data, as the tensor that the model declares. Nothing is
 * allocated before the lengths are known to agree, so memory stays in proportion to what was sent.
 * Throws TensorError naming the field.
 */
export function parseTensor(json: unknown, info: TensorInfo, way: Way = 'in'): ParsedTensor {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) return parseFlat(json, info, way);
  return parseNested(json, info, way);
}

function parseFlat(json: object, info: TensorInfo, way: Way): ParsedTensor {
  const unknown = Object.keys(json).find((key) => !['dtype', 'shape', 'data'].includes(key));
  if (unknown !== undefined) throw new TensorError(unknown, 'only dtype, shape and data', 'an unknown field');
  const { dtype, shape, data } = json as { dtype?: unknown; shape?: unknown; data?: unknown };
  if (dtype !== undefined && dtype !== info.dtype) throw new TensorError('dtype', info.dtype, describeValue(dtype));
  if (!isShape(shape)) {
    throw new TensorError('shape', `a list of whole numbers such as ${exampleShape(info)}`, describeValue(shape));
  }
  checkShape(shape, info);
  if (!Array.isArray(data)) throw new TensorError('data', 'a flat list of elements', describeValue(data));
  const count = countOf(shape);
  if (data.length !== count) {
    throw new TensorError('data', `${count} elements for shape ${describeShape(shape)}`, `${data.length}`);
  }
  const into = filler(info.dtype, count, way);
  into.fill(0, data, (index) => `data[${index}]`);
  return { dtype: info.dtype, shape: [...shape], data: into.data };
}

function parseNested(json: unknown, info: TensorInfo, way: Way): ParsedTensor {
  const shape = nestedShape(json, info);
  checkShape(shape, info);
  checkEven(json, shape, 0, '');
  const count = countOf(shape);
  const into = filler(info.dtype, count, way);
  if (shape.length === 0) into.fill(0, [json], () => '');
  else if (count > 0) fillNested(json as unknown[], shape.length, '', { offset: 0, into });
  return { dtype: info.dtype, shape, data: into.data };
}

/** Deeper than any real tensor, where the model does not declare how deep. */
const deepest = 64;

/**
 * Sizes as the first list of each level has them. An empty list hides the levels inside it: what the model declares is
 * taken for those, and nothing of the free ones.
 */
function nestedShape(json: unknown, info: TensorInfo): number[] {
  const rank = info.shape?.length ?? deepest;
  const shape: number[] = [];
  let first = json;
  while (shape.length < rank && Array.isArray(first)) {
    shape.push(first.length);
    if (first.length === 0) return [...shape, ...hiddenSizes(info, shape.length)];
    first = first[0];
  }
  if (Array.isArray(first)) throw rankError(info, rank + 1, 'deeper lists');
  if (info.shape && shape.length < rank) throw rankError(info, shape.length, describeValue(first));
  return shape;
}

const hiddenSizes = ({ shape }: TensorInfo, from: number): number[] =>
  (shape ?? []).slice(from).map((size) => (typeof size === 'number' ? size : 0));

const rankError = (info: TensorInfo, depth: number, got: string): TensorError =>
  new TensorError(
    '',
    info.shape?.length === 0
      ? `a single ${info.dtype} value`
      : `lists nested ${info.shape?.length ?? deepest} deep, of shape ${describeShape(info.shape)}`,
    depth === 0 ? got : `${got} at depth ${depth}`,
  );

/** Every list of one level must be as long as the first one of it. */
function checkEven(json: unknown, shape: readonly number[], depth: number, field: string): void {
  if (depth === shape.length) return;
  if (!Array.isArray(json) || json.length !== shape[depth]) {
    throw new TensorError(field, `a list of ${shape[depth]}, as long as its neighbours`, describeValue(json));
  }
  if (depth + 1 === shape.length) return;
  for (let i = 0; i < json.length; i++) checkEven(json[i], shape, depth + 1, `${field}[${i}]`);
}

interface Cursor {
  offset: number;
  into: ReturnType<typeof filler>;
}

function fillNested(list: readonly unknown[], levels: number, field: string, cursor: Cursor): void {
  if (levels === 1) {
    cursor.into.fill(cursor.offset, list, (index) => `${field}[${index}]`);
    cursor.offset += list.length;
    return;
  }
  for (let i = 0; i < list.length; i++) fillNested(list[i] as unknown[], levels - 1, `${field}[${i}]`, cursor);
}

/** Rank and fixed dimensions must be the model's, which the runtime demands too. Throws TensorError for `shape`. */
export function checkShape(shape: readonly number[], info: TensorInfo): void {
  const fits =
    info.shape === null ||
    (shape.length === info.shape.length &&
      info.shape.every((want, axis) => typeof want === 'string' || want === shape[axis]));
  if (!fits) throw new TensorError('shape', describeShape(info.shape), describeShape(shape));
}

/**
 * Symbolic dimensions of one name must be equal across tensors; `bound` collects them. Names that exporters write when
 * they know none (`?`, `None`, `unk__12`) bind nothing. Throws TensorError for `shape`.
 */
export function bindSymbols(shape: readonly number[], info: TensorInfo, bound: Map<string, number>): void {
  for (const [axis, name] of (info.shape ?? []).entries()) {
    if (typeof name === 'number' || !/^[A-Za-z_]/.test(name) || /^(?:none$|unk|dynamic$)/i.test(name)) continue;
    const size = shape[axis] as number;
    const before = bound.get(name);
    if (before !== undefined && before !== size) {
      throw new TensorError('shape', `dimension ${axis} ("${name}") to be ${before} as elsewhere`, String(size));
    }
    bound.set(name, size);
  }
}

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

const exampleShape = (info: TensorInfo): string =>
  describeShape((info.shape ?? [1]).map((size) => (typeof size === 'number' ? size : 1)));

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
