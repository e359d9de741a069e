import type { Sample } from './sample.ts';
import type { Dtype } from './tensor-info.ts';

/** Where an answer differs from the golden sample first. */
export interface SampleDifference {
  output: string;
  /** `` for the whole tensor, `shape`, or `data[12]` counting in row-major order. */
  field: string;
  want: string;
  got: string;
}

export const defaultTolerance = { relative: 1e-3, absolute: 1e-5 } as const;

interface Flat {
  shape: readonly number[];
  data: readonly unknown[];
}

/** Nested lists or `{ shape, data }` as shape and row-major elements; undefined when the lists are uneven. */
function flatten(json: unknown): Flat | undefined {
  if (typeof json === 'object' && json !== null && !Array.isArray(json)) {
    const { shape, data } = json as { shape?: unknown; data?: unknown };
    return Array.isArray(shape) && Array.isArray(data) ? { shape: shape as number[], data } : undefined;
  }
  const shape: number[] = [];
  let level: unknown[] = [json];
  while (level.length > 0 && level.every(Array.isArray)) {
    const lists = level as unknown[][];
    const length = lists[0]?.length ?? 0;
    if (lists.some((list) => list.length !== length)) return undefined;
    shape.push(length);
    level = lists.flat(1);
  }
  return level.some(Array.isArray) ? undefined : { shape, data: level };
}

/** JSON has no words for NaN and the infinities, and int64 beyond 2^53 travels as digits: all are strings here. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isNaN(number) && value !== 'NaN' ? undefined : number;
}

interface Tolerance {
  relative: number;
  absolute: number;
}

function matches(want: unknown, got: unknown, dtype: Dtype | undefined, tolerance: Tolerance): boolean {
  if (Object.is(want, got)) return true;
  if (isExact(dtype)) return String(want) === String(got) || (toNumber(want) === toNumber(got) && isSmall(want));
  const [wanted, found] = [toFloat(want, dtype), toFloat(got, dtype)];
  if (wanted === undefined || found === undefined) return false;
  if (!Number.isFinite(wanted) || !Number.isFinite(found)) return Object.is(wanted, found);
  return Math.abs(found - wanted) <= tolerance.absolute + tolerance.relative * Math.abs(wanted);
}

/**
 * The number of digits is no difference: 0.1 and 0.10000000149011612 are one float32, which is the type of floats
 * without a dtype.
 */
function toFloat(value: unknown, dtype: Dtype | undefined): number | undefined {
  const number = toNumber(value);
  if (number === undefined || (dtype ?? 'float32') !== 'float32' || Number.isInteger(number)) return number;
  const held = Math.fround(number);
  return Number.isFinite(held) ? held : number;
}

/** Numbers that JSON carried without losing digits, so that comparing them as numbers is exact. */
const isSmall = (value: unknown): boolean => Number.isSafeInteger(toNumber(value));

const isExact = (dtype: Dtype | undefined): boolean => dtype !== undefined && !dtype.includes('float');

const dtypeOf = (json: unknown): Dtype | undefined =>
  typeof json === 'object' && json !== null && 'dtype' in json ? (json.dtype as Dtype) : undefined;

/**
 * Compares what a function answered with the outputs that the sample promises; undefined when all agree, or when the
 * sample promises none. Floats agree when |got - want| <= absolute + relative * |want|; integers, booleans and text, by
 * their dtype, only when equal. NaN agrees with NaN. Outputs that the sample does not name are not looked at. `dtypes`
 * are the model's, for samples and answers that are plain nested lists.
 */
export function compareSample(
  sample: Sample,
  outputs: Readonly<Record<string, unknown>>,
  dtypes: Readonly<Record<string, Dtype>> = {},
): SampleDifference | undefined {
  const tolerance = { ...defaultTolerance, ...sample.tolerance };
  for (const [output, want] of Object.entries(sample.outputs ?? {})) {
    const got = Object.hasOwn(outputs, output) ? outputs[output] : undefined;
    if (got === undefined) return { output, field: '', want: 'an output of this name', got: 'none' };
    const dtype = dtypeOf(want) ?? dtypeOf(got) ?? dtypes[output];
    const difference = compareTensor(want, got, (a, b) => matches(a, b, dtype, tolerance));
    if (difference) return { output, ...difference };
  }
  return undefined;
}

function compareTensor(
  want: unknown,
  got: unknown,
  agree: (want: unknown, got: unknown) => boolean,
): Omit<SampleDifference, 'output'> | undefined {
  const [wanted, found] = [flatten(want), flatten(got)];
  if (!wanted || !found) return { field: '', want: 'a tensor', got: found ? 'an unusable sample' : 'uneven lists' };
  if (!isSameShape(wanted.shape, found.shape) || wanted.data.length !== found.data.length) {
    return { field: 'shape', want: `[${wanted.shape.join(', ')}]`, got: `[${found.shape.join(', ')}]` };
  }
  const at = wanted.data.findIndex((value, index) => !agree(value, found.data[index]));
  if (at < 0) return undefined;
  return { field: `data[${at}]`, want: String(wanted.data[at]), got: String(found.data[at]) };
}

/** An empty list hides the dimensions inside it, so shapes are compared up to their first dimension without elements. */
function isSameShape(want: readonly number[], got: readonly number[]): boolean {
  const [first, second] = [want.indexOf(0), got.indexOf(0)];
  if (first < 0 || second < 0) return want.join() === got.join();
  return want.slice(0, first + 1).join() === got.slice(0, second + 1).join();
}

/** `output "scores" data[3]: expected 0.91, got 0.12`; of what is about no output, its field alone, if it has one. */
export function formatDifference({ output, field, want, got }: SampleDifference): string {
  const place = [output && `output "${output}"`, field].filter((part) => part !== '').join(' ');
  // A reason may be a separate sentence; the model's answer is shown unchanged.
  return `${place ? `${place}: ` : ''}expected ${want}, got ${output ? got : got.replace(/\.$/, '')}`;
}
