import { NumberList } from './number-list.ts';
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

/**
 * Reads nested arrays, or `{ dtype?, shape, data }` with flat data, as the tensor that the model declares. Nothing is
 * allocated before the lengths are known to agree, so memory stays in proportion to what was sent.
 * Throws TensorError naming the field.
 */
export function parseTensor(json: unknown, info: TensorInfo, way: Way = 'in'): ParsedTensor {
  if (json instanceof NumberList) return parseLong(json, info, way);
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
  const isLong = data instanceof NumberList && data.shape.length === 1;
  if (!isLong && !Array.isArray(data)) throw new TensorError('data', 'a flat list of elements', describeValue(data));
  const count = countOf(shape);
  if (data.length !== count) {
    throw new TensorError('data', `${count} elements for shape ${describeShape(shape)}`, `${data.length}`);
  }
  const into = filler(info.dtype, count, way, info.nullable);
  const at = (index: number): string => `data[${index}]`;
  if (Array.isArray(data)) into.fill(0, data, at);
  else fillLong(into, data, at);
  return { dtype: info.dtype, shape: [...shape], data: into.data };
}

function parseNested(json: unknown, info: TensorInfo, way: Way): ParsedTensor {
  const shape = nestedShape(json, info);
  checkShape(shape, info);
  checkEven(json, shape, 0, '');
  const count = countOf(shape);
  const into = filler(info.dtype, count, way, info.nullable);
  if (shape.length === 0) into.fill(0, [json], () => '');
  else if (count > 0) fillNested(json as unknown[], shape.length, '', { offset: 0, into });
  return { dtype: info.dtype, shape, data: into.data };
}

function parseLong(list: NumberList, info: TensorInfo, way: Way): ParsedTensor {
  // A short list of the same depth shows what is wrong with it.
  if (info.shape && info.shape.length !== list.shape.length) return parseNested(list.firsts(), info, way);
  const shape = [...list.shape];
  checkShape(shape, info);
  const into = filler(info.dtype, countOf(shape), way, info.nullable);
  fillLong(into, list, (index) => list.placeOf(index));
  return { dtype: info.dtype, shape, data: into.data };
}

const fillLong = (into: Cursor['into'], list: NumberList, at: (index: number) => string): void =>
  list.eachPart((from, row) => into.fill(from, row, (index) => at(from + index)));

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

export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

const exampleShape = (info: TensorInfo): string =>
  describeShape((info.shape ?? [1]).map((size) => (typeof size === 'number' ? size : 1)));
