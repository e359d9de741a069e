import { open, readFile, stat } from 'node:fs/promises';
import { InputError, type Problem } from '../../errors.ts';
import { type JsonTextError, parseJson } from '../../model/json-text.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { refusePlaceholder } from '../../onnx/placeholder.ts';
import { type CsvRow, csvRows, elementOf } from '../sample/read-csv.ts';

/** One line of a data file, not yet held against the model. */
export interface RawItem {
  /** 1-based. */
  line: number;
  fields: Record<string, unknown>;
}

/** A line that is no item. */
export interface BadLine {
  line: number;
  message: string;
  hint?: string | undefined;
}

/** CSV is read as a whole, bytes. */
const maxCsvBytes = 256 * 1024 * 1024;

export const isItem = (found: RawItem | BadLine): found is RawItem => 'fields' in found;

/** The file or its place is not what it should be. Exit 2. */
export const badData = (problems: readonly Problem[], cause?: unknown): InputError =>
  new InputError(problems, { code: 'bad-quality-data', cause });

/** Reads the lines of a data file in order, a few at a time. Throws InputError, IntegrityError `not-the-file`. */
export async function* readLines(
  file: string,
  label: string,
  inputs: readonly TensorInfo[],
): AsyncGenerator<RawItem | BadLine> {
  await checkFile(file, label);
  if (/\.csv$/i.test(file)) yield* fromCsv(await csvText(file, label), inputs);
  else yield* fromJsonLines(file);
}

async function checkFile(file: string, label: string): Promise<void> {
  try {
    if (!(await stat(file)).isFile()) throw new TypeError('it is no file');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const message = missing ? 'there is no such file.' : 'it cannot be read as a file.';
    const hint = 'Check out the repository with its data (actions/checkout), or correct quality.data in models.yaml.';
    throw badData([{ path: '', file: label, message, hint }], cause);
  }
  await refusePlaceholder(file, label);
}

async function* fromJsonLines(file: string): AsyncGenerator<RawItem | BadLine> {
  let line = 0;
  await using lines = await open(file, 'r');
  for await (const raw of lines.readLines({ encoding: 'utf8' })) {
    line += 1;
    const text = line === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (text.trim() !== '') yield parseLine(text, line);
  }
}

function parseLine(text: string, line: number): RawItem | BadLine {
  let fields: unknown;
  try {
    fields = parseJson(text);
  } catch (error) {
    const { message, hint } = error as JsonTextError;
    return { line, message: `${message.replace(/ at line 1, column/, ' at column')}.`, hint };
  }
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) {
    return { line, fields: fields as Record<string, unknown> };
  }
  const got = Array.isArray(fields) ? 'a list' : 'a bare value';
  return { line, message: `expected an object such as {"inputs": …, "expected": …}, got ${got}.` };
}

async function csvText(file: string, label: string): Promise<string> {
  const { size } = await stat(file);
  if (size > maxCsvBytes) {
    const message = `expected at most ${maxCsvBytes} bytes of CSV, got ${size}.`;
    throw badData([{ path: '', file: label, message, hint: 'Write it as JSON Lines, which is read line by line.' }]);
  }
  return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
}

/** Columns that are no inputs. */
const ownColumns = ['id', 'group', 'expected'];

/**
 * The first row names the columns: `expected`, perhaps `id` and `group`; the others are inputs of the model, by name, or
 * all together the row of its one input.
 */
function* fromCsv(text: string, inputs: readonly TensorInfo[]): Generator<RawItem | BadLine> {
  const [head, ...rows] = csvRows(text);
  if (!head) return;
  const names = head.cells;
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) return yield { line: head.line, message: `expected each column once, got ${twice} twice.` };
  if (!names.includes('expected')) {
    const message = `expected a column named expected in the first line, got ${names.slice(0, 8).join(', ').slice(0, 120)}.`;
    return yield { line: head.line, message, hint: 'The first line names the columns.' };
  }
  for (const row of rows) {
    if (row.cells.length === names.length) yield { line: row.line, fields: fieldsOf(names, row, inputs) };
    else yield { line: row.line, message: `expected ${names.length} columns, got ${row.cells.length}.` };
  }
  const quotes = text.match(/"/g)?.length ?? 0;
  if (quotes % 2 === 1) {
    const line = (rows.at(-1)?.line ?? head.line) + 1;
    yield { line, message: 'expected a closing quotation mark, got the end of the file.' };
  }
}

function fieldsOf(names: readonly string[], { cells }: CsvRow, inputs: readonly TensorInfo[]): Record<string, unknown> {
  const cell = (name: string) => cells[names.indexOf(name)] ?? '';
  const own = ownColumns.filter((name) => names.includes(name) && (name === 'expected' || cell(name) !== ''));
  return { ...Object.fromEntries(own.map((name) => [name, cell(name)])), inputs: inputsOf(names, cell, inputs) };
}

function inputsOf(
  names: readonly string[],
  cell: (name: string) => string,
  inputs: readonly TensorInfo[],
): Record<string, unknown> {
  const columns = names.filter((name) => !ownColumns.includes(name));
  const required = inputs.filter(({ optional }) => !optional);
  const [only] = required;
  const byName = columns.length > 0 && columns.every((name) => inputs.some((info) => info.name === name));
  if (!byName && required.length === 1 && only) {
    const row = columns.map((name) => elementOf(cell(name), only));
    return { [only.name]: only.shape?.length === 1 ? row : [row] };
  }
  return Object.fromEntries(
    columns.map((name) => {
      const info = inputs.find((one) => one.name === name);
      if (!info) return [name, cell(name)];
      const element = elementOf(cell(name), info);
      return [name, info.shape?.length === 0 ? element : info.shape?.length === 1 ? [element] : [[element]]];
    }),
  );
}
