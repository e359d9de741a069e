import { NumberList } from './number-list.ts';

/**
 * A tensor written as JSON does not fit the model. `field` is relative to the tensor: `` for all of it, `shape`,
 * `dtype`, `data[12]` in the flat form, `[0][3]` in nested arrays.
 */
export class TensorError extends Error {
  readonly field: string;
  readonly expected: string;
  readonly got: string;

  constructor(field: string, expected: string, got: string) {
    super(`${field ? `${field}: ` : ''}expected ${expected}, got ${got}.`);
    this.name = 'TensorError';
    this.field = field;
    this.expected = expected;
    this.got = got;
  }
}

/** What came, short enough for one line whatever was sent. */
export function describeValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (Array.isArray(value) || value instanceof NumberList) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return String(value);
}

/** `[1,"batch",3]` as in the model; an unnamed dimension shows as `?`, an undeclared number of them as `[...]`. */
export const describeShape = (shape: readonly (number | string)[] | null): string =>
  shape === null ? '[...]' : `[${shape.map((dimension) => (dimension === '' ? '?' : dimension)).join(', ')}]`;
