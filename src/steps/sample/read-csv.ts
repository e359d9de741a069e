import type { ElementJson } from '../../model/tensor-format.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { badInputs, type GivenTensor } from './given-tensor.ts';

/** Cells of a row, and the line that it ends in. */
export interface CsvRow {
  cells: string[];
  line: number;
}

const readRows = (text: string): string[][] => csvRows(text).map(({ cells }) => cells);

/**
 * Fields may be quoted, with quotes inside doubled: RFC 4180. Empty lines are passed over. Ends with the last row before a
 * quote that is never closed.
 */
export function csvRows(text: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let row: string[] = [];
  let line = 0;
  const field = /(?:"((?:[^"]|"")*)"|([^,\r\n]*))(,|\r\n|\n|\r|$)/y;
  while (field.lastIndex < text.length) {
    const found = field.exec(text);
    if (!found) return rows;
    line += (found[0].match(/\r\n|\n|\r/g) ?? []).length;
    row.push(found[1] === undefined ? (found[2] ?? '').trim() : found[1].replaceAll('""', '"'));
    if (found[3] === ',') {
      if (field.lastIndex === text.length) row.push('');
      else continue;
    }
    const ended = found[3] === '' ? line + 1 : line;
    if (row.some((cell) => cell !== '')) rows.push({ cells: row, line: ended });
    row = [];
  }
  return rows;
}

const isNumber = (cell: string): boolean => cell === '' || !Number.isNaN(Number(cell)) || /^nan$/i.test(cell);

/**
 * Reads rows of columns. Columns that are named as the model's inputs are each one input; otherwise all columns are the
 * one input of the model, in their order. An empty cell is a missing value. Throws InputError.
 */
export function readCsv(text: string, inputs: readonly TensorInfo[], label: string): GivenTensor[] {
  const rows = readRows(text.replace(/^\uFEFF/, ''));
  const [first] = rows;
  if (!first) throw badInputs(label, 'expected rows of columns, got no row.');
  const named = first.some((cell) => inputs.some(({ name }) => name === cell)) || !first.every(isNumber);
  const head = named ? first : undefined;
  const body = named ? rows.slice(1) : rows;
  const short = body.findIndex((row) => row.length !== first.length);
  if (short >= 0) {
    const message = `expected ${first.length} columns in each row, got ${body[short]?.length}.`;
    throw badInputs(label, message, undefined, short + (named ? 2 : 1));
  }
  if (body.length === 0) throw badInputs(label, 'expected rows below the names of the columns, got none.');
  const required = inputs.filter(({ optional }) => !optional);
  if (head && required.every(({ name }) => head.includes(name)) && (required.length > 1 || head.length === 1)) {
    const known = inputs.filter(({ name }) => head.includes(name));
    return known.map((info) =>
      columnOf(
        info,
        body.map((row) => row[head.indexOf(info.name)] as string),
      ),
    );
  }
  const [only, second] = required;
  if (!only || second) {
    const names = required.map(({ name }) => name).join(', ');
    throw badInputs(label, `expected columns named as the inputs ${names}, got ${first.join(', ')}.`);
  }
  return [{ name: only.name, json: body.map((row) => row.map((cell) => elementOf(cell, only))) }];
}

/** A list of one for each row, where the input has two dimensions. */
function columnOf(info: TensorInfo, cells: readonly string[]): GivenTensor {
  const elements = cells.map((cell) => elementOf(cell, info));
  return { name: info.name, json: info.shape?.length === 1 ? elements : elements.map((element) => [element]) };
}

/** What is no number stays text, so that the check against the model names its place. */
export function elementOf(cell: string, { dtype }: TensorInfo): ElementJson {
  if (dtype === 'string') return cell;
  if (dtype === 'bool') return /^(?:true|false)$/i.test(cell) ? cell.toLowerCase() === 'true' : Number(cell);
  if (dtype === 'int64' || dtype === 'uint64') return cell;
  if (dtype.includes('float') && (cell === '' || /^nan$/i.test(cell))) return 'NaN';
  return cell === '' || Number.isNaN(Number(cell)) ? cell : Number(cell);
}
