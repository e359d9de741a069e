import type { ClassLabel, Dtype } from '../../model/tensor-info.ts';
import type { QualityMetric } from './options.ts';

/** How one metric reads answers. */
export interface Scoring {
  metric: QualityMetric;
  /** Of top-k. */
  k: number;
  /** Of the output, as the model declares it; what its columns stand for, where the graph says so. */
  dtype: Dtype;
  labels: readonly ClassLabel[] | undefined;
}

/** What should come out, read once: a class, numbers, or a sequence of letters or numbers. */
export type Expected =
  | { kind: 'class'; name: string }
  | { kind: 'numbers'; values: readonly number[] }
  | { kind: 'sequence'; values: readonly (number | string)[] };

/** What is wrong with an `expected`, in words that follow "expected". */
export class ExpectedError extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, value: unknown) {
    const got = kindOf(value);
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}

/** A value by its kind: examples are not to be read in logs. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number';
  return { string: 'a text', boolean: 'true or false', object: 'an object' }[typeof value as string] ?? 'another value';
}

const classMetrics: readonly QualityMetric[] = ['accuracy', 'top-k', 'macro-f1'];
export const isFloat = (dtype: Dtype): boolean => dtype.includes('float');

/** Numbers of nested lists in order; undefined where there is anything else among them. */
function flatNumbers(value: unknown): number[] | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return [value];
  if (typeof value === 'boolean') return [Number(value)];
  if (!Array.isArray(value)) return undefined;
  const all: number[] = [];
  for (const one of value) {
    const found = flatNumbers(one);
    if (!found) return undefined;
    all.push(...found);
  }
  return all;
}

/** Of scores the name of a column; of an output that is the class itself, that. */
function readClass(value: unknown, { dtype, labels }: Scoring): Expected {
  const scores = isFloat(dtype);
  if (scores && labels) {
    if (labels.some((label) => String(label) === String(value))) return { kind: 'class', name: String(value) };
    const byNumber = typeof value === 'number' ? labels[value] : undefined;
    if (byNumber !== undefined && typeof byNumber === 'string') return { kind: 'class', name: byNumber };
    throw new ExpectedError(
      `one of the model's labels (${labels.slice(0, 8).join(', ')}${labels.length > 8 ? ', …' : ''})`,
      value,
    );
  }
  if (scores && !(Number.isInteger(value) && (value as number) >= 0)) {
    throw new ExpectedError('a class by its number, since the model names none', value);
  }
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) {
    return { kind: 'class', name: typeof value === 'boolean' ? String(Number(value)) : String(value) };
  }
  throw new ExpectedError('a class: a number or a text', value);
}

function readSequence(value: unknown, { dtype }: Scoring): Expected {
  if (dtype === 'string' && typeof value === 'string') return { kind: 'sequence', values: [...value] };
  const numbers = dtype === 'string' || !Array.isArray(value) ? undefined : flatNumbers(value);
  if (numbers) return { kind: 'sequence', values: numbers };
  throw new ExpectedError(dtype === 'string' ? 'a text' : 'a list of whole numbers, one for each letter', value);
}

function readExact(value: unknown): Expected {
  const list = [value].flat(16) as unknown[];
  const fits = list.length > 0 && list.every((one) => ['number', 'string', 'boolean'].includes(typeof one));
  if (!fits) throw new ExpectedError('a value, or a list of values', value);
  return {
    kind: 'sequence',
    values: list.map((one) => (typeof one === 'boolean' ? Number(one) : (one as number | string))),
  };
}

/** Reads `expected` of an item for a metric. Throws ExpectedError. */
export function readExpected(value: unknown, scoring: Scoring): Expected {
  const { metric } = scoring;
  if (classMetrics.includes(metric)) return readClass(value, scoring);
  if (metric === 'cer') return readSequence(value, scoring);
  if (metric === 'exact') return readExact(value);
  const values = flatNumbers(value);
  if (values && values.length > 0) return { kind: 'numbers', values };
  throw new ExpectedError('a number, or lists of numbers', value);
}
