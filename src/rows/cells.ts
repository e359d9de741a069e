import type { Column } from '../model/rows-settings.ts';
import { describeValue } from '../model/tensor-error.ts';
import type { Dtype } from '../model/tensor-info.ts';
import { absent } from './table.ts';

/** What a cell should have been, and what it is. */
export class CellError extends Error {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, value: unknown) {
    super(expected);
    this.name = 'CellError';
    this.expected = expected;
    this.got = describeValue(value);
  }
}

const floats: readonly string[] = ['float32', 'float64'] satisfies Dtype[];
/** What pandas and people write for a number that is not there. */
const missingTexts = new Set(['', 'nan', 'na', 'null', 'none']);
const infinities: Readonly<Record<string, string>> = {
  inf: 'Infinity',
  infinity: 'Infinity',
  '+inf': 'Infinity',
  '-inf': '-Infinity',
  '-infinity': '-Infinity',
};

const isMissing = (cell: unknown, dtype: Dtype, isText: boolean): boolean =>
  cell === absent ||
  cell === null ||
  (isText && (dtype === 'string' ? cell === '' : missingTexts.has((cell as string).trim().toLowerCase())));

/**
 * A cell in the form that tensors are filled from, by the type of its column and not by what it looks like: a column of
 * texts keeps `NA` and `007`. Throws CellError.
 * @param isText whether all cells are texts, as in CSV
 */
export function readCell(cell: unknown, column: Column, dtype: Dtype, isText: boolean): unknown {
  if (isMissing(cell, dtype, isText)) return missing(column, dtype);
  if (dtype === 'string') return cell;
  if (dtype === 'bool') return readBool(cell, isText);
  // Of numbers: what is true is 1, as in NumPy.
  if (typeof cell === 'boolean') return Number(cell);
  if (!isText) return cell;
  const text = (cell as string).trim();
  const flag = flags[text.toLowerCase()];
  if (flag !== undefined) return Number(flag);
  return floats.includes(dtype) ? readFloat(text) : readWhole(text, dtype);
}

/** A missing number is not-a-number, a missing text is empty; of other types there is no such value. */
function missing(column: Column, dtype: Dtype): unknown {
  if (column.default !== undefined) return dtype === 'bool' ? column.default : numeric(column.default, dtype);
  if (floats.includes(dtype)) return 'NaN';
  if (dtype === 'string') return '';
  throw new CellError(`a value (${dtype}: only floats and texts may be missing)`, absent);
}

const numeric = (value: unknown, dtype: Dtype): unknown =>
  typeof value === 'boolean' && dtype !== 'string' ? Number(value) : value;

const flags: Readonly<Record<string, boolean>> = { true: true, false: false };

function readBool(cell: unknown, isText: boolean): unknown {
  if (!isText) return cell;
  const text = (cell as string).trim().toLowerCase();
  const flag = flags[text] ?? (text === '1' || text === '0' ? text === '1' : undefined);
  if (flag === undefined) throw new CellError('true, false, 1 or 0 (bool)', cell);
  return flag;
}

function readFloat(text: string): unknown {
  const infinite = infinities[text.toLowerCase()];
  if (infinite) return infinite;
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) throw new CellError('a number', text);
  return Number(text);
}

/** Of a column of whole numbers with a gap pandas makes 1.0, so that is a whole number. */
function readWhole(text: string, dtype: Dtype): unknown {
  const digits = /^([+-]?)0*(\d{1,20})(?:\.0*)?$/.exec(text);
  if (!digits) throw new CellError(`a whole number (${dtype})`, text);
  const whole = `${digits[1] === '-' ? '-' : ''}${digits[2]}`;
  return dtype === 'int64' || dtype === 'uint64' ? whole : Number(whole);
}
