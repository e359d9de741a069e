import { describeValue, TensorError } from './tensor-error.ts';
import type { Dtype } from './tensor-info.ts';

/**
 * Elements in row-major order, in the array type that ONNX Runtime takes for the dtype; float16 as its bits. The Node
 * binding of 1.30 fails for float16 unless the tensor's `data` is redefined as these bits (microsoft/onnxruntime#32323).
 */
export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | string[];

interface NumberRule {
  kind: 'number';
  make(length: number): Exclude<TensorData, BigInt64Array | BigUint64Array | string[]> | Float16Array;
  whole: boolean;
  /** Inclusive. For floats the largest number that does not round to infinity. */
  min: number;
  max: number;
}

interface BigRule {
  kind: 'big';
  make(length: number): BigInt64Array | BigUint64Array;
  min: bigint;
  max: bigint;
}

type Rule = NumberRule | BigRule | { kind: 'bool' } | { kind: 'string' };

const whole = (make: NumberRule['make'], min: number, max: number): NumberRule => ({
  kind: 'number',
  make,
  whole: true,
  min,
  max,
});
const float = (make: NumberRule['make'], max: number): NumberRule => ({
  kind: 'number',
  make,
  whole: false,
  min: -max,
  max,
});

/** 65519.99…: 65520 is half way between the largest float16 and the next power of two, and rounds to infinity. */
const float16Max = 65519.99999999999;
/** The largest double below (2 - 2^-24) * 2^127, from which float32 rounds to infinity. */
const float32Max = 3.4028235677973362e38;

const rules: Partial<Record<Dtype, Rule>> = {
  float16: float((n) => new Float16Array(n), float16Max),
  float32: float((n) => new Float32Array(n), float32Max),
  float64: float((n) => new Float64Array(n), Number.MAX_VALUE),
  int8: whole((n) => new Int8Array(n), -128, 127),
  int16: whole((n) => new Int16Array(n), -32768, 32767),
  int32: whole((n) => new Int32Array(n), -2147483648, 2147483647),
  uint8: whole((n) => new Uint8Array(n), 0, 255),
  uint16: whole((n) => new Uint16Array(n), 0, 65535),
  uint32: whole((n) => new Uint32Array(n), 0, 4294967295),
  int64: { kind: 'big', make: (n) => new BigInt64Array(n), min: -(2n ** 63n), max: 2n ** 63n - 1n },
  uint64: { kind: 'big', make: (n) => new BigUint64Array(n), min: 0n, max: 2n ** 64n - 1n },
  bool: { kind: 'bool' },
  string: { kind: 'string' },
};

/** JSON has no literals for these. */
const spelledFloats = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

/** Fills a run of elements from a plain list; `at(i)` names element i for the error. */
export interface Filler {
  data: TensorData;
  fill(offset: number, row: readonly unknown[], at: (index: number) => string): void;
}

/** Whether a tensor is given to the runtime or was answered by it. */
export type Way = 'in' | 'out';

/** A typed array of `length` elements and the way to fill it; `nullable` takes null for not-a-number. Throws TensorError for dtypes the runtime cannot take. */
export function filler(dtype: Dtype, length: number, way: Way, nullable = false): Filler {
  const rule = rules[dtype];
  if (!rule) throw new TensorError('dtype', 'a type that ONNX Runtime for Node takes', dtype);
  if (rule.kind === 'number') return numbers(dtype, rule, length, nullable && !rule.whole);
  if (rule.kind === 'big') return bigs(dtype, rule, length);
  return rule.kind === 'bool' ? bools(length) : strings(length, way);
}

function numbers(dtype: Dtype, rule: NumberRule, length: number, nullable: boolean): Filler {
  const made = rule.make(length);
  return {
    data: dtype === 'float16' ? new Uint16Array((made as Float16Array).buffer) : (made as TensorData),
    fill(offset, row, at) {
      // Held here: taken from around the function for each element, they would cost as much as the element.
      const out = made;
      const { min, max, whole: isWhole } = rule;
      for (let i = 0; i < row.length; i++) {
        const value = row[i];
        if (typeof value === 'number' && value >= min && value <= max && (!isWhole || Number.isInteger(value))) {
          out[offset + i] = value;
          continue;
        }
        const text = value === null && nullable ? 'NaN' : value;
        const spelled = isWhole || typeof text !== 'string' ? undefined : spelledFloats.get(text);
        if (spelled === undefined) throw new TensorError(at(i), numberExpected(dtype, rule), describeValue(value));
        out[offset + i] = spelled;
      }
    },
  };
}

const numberExpected = (dtype: Dtype, rule: NumberRule): string =>
  rule.whole ? `a whole number from ${rule.min} to ${rule.max} (${dtype})` : `a number that fits ${dtype}`;

function bigs(dtype: Dtype, rule: BigRule, length: number): Filler {
  const data = rule.make(length);
  return {
    data,
    fill(offset, row, at) {
      for (let i = 0; i < row.length; i++) {
        const value = toBig(row[i]);
        if (value === undefined || value < rule.min || value > rule.max) {
          const range = rule.min === 0n ? 'from 0 to 2^64 - 1' : 'from -2^63 to 2^63 - 1';
          const expected = `a whole number ${range} (${dtype}; beyond 2^53 as a string of digits)`;
          throw new TensorError(at(i), expected, describeValue(row[i]));
        }
        data[offset + i] = value;
      }
    },
  };
}

/** Numbers beyond 2^53 have already lost digits when JSON was parsed, so they are refused, not rounded. */
function toBig(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (typeof value === 'bigint') return value;
  return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function bools(length: number): Filler {
  const data = new Uint8Array(length);
  return {
    data,
    fill(offset, row, at) {
      for (let i = 0; i < row.length; i++) {
        const value = row[i];
        if (value !== true && value !== false && value !== 0 && value !== 1) {
          throw new TensorError(at(i), 'true or false (bool)', describeValue(value));
        }
        data[offset + i] = Number(value);
      }
    },
  };
}

function strings(length: number, way: Way): Filler {
  const data = new Array<string>(length).fill('');
  return {
    data,
    fill(offset, row, at) {
      for (let i = 0; i < row.length; i++) {
        const value = row[i];
        if (typeof value !== 'string') throw new TensorError(at(i), 'text (string)', describeValue(value));
        // The runtime's binding takes C strings in UTF-8: it would cut the one and replace the other without a word.
        if (way === 'in' && (value.includes('\0') || !value.isWellFormed())) {
          throw new TensorError(at(i), 'text without U+0000 and half characters (string)', 'text with them');
        }
        data[offset + i] = value;
      }
    },
  };
}
