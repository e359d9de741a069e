import { describeValue } from '../model/tensor-error.ts';
import { checkSize, type TableLimits, tableLimits } from './limits.ts';
import { absent, type Row, RowFault, type Table } from './table.ts';
import { badTable, shorten } from './table-error.ts';

type Json = Readonly<Record<string, unknown>>;

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const forms = 'records, columns, or columns with data';

/**
 * Reads `{"records": [{…}]}`, `{"columns": {name: […]}}`, what pandas writes with `orient="split"`
 * (`{"columns", "index", "data"}`), and the envelopes of MLflow around it and around records.
 * Throws TableError 400, and 413 for more rows or cells than the limits.
 */
export function readJsonTable(json: unknown, limits: TableLimits = tableLimits): Table {
  if (!isRecord(json)) throw badTable('', `an object with ${forms}`, describeValue(json));
  const [only, second] = Object.keys(json);
  if (second === undefined && only === 'dataframe_split') return readSplit(json[only], 'dataframe_split.', limits);
  if (second === undefined && only === 'dataframe_records') return readRecords(json[only], only, limits);
  if (Object.hasOwn(json, 'data')) return readSplit(json, '', limits);
  const unknown = Object.keys(json).find((key) => key !== 'records' && key !== 'columns');
  if (unknown !== undefined) throw badTable(shorten(unknown), forms, 'an unknown field');
  if (second !== undefined) throw badTable('', `${forms}: one of them`, 'two');
  return only === 'records' ? readRecords(json['records'], only, limits) : readColumns(json['columns'], limits);
}

function listOf(value: unknown, place: string, what: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw badTable(place, `a list of at least one ${what}`, describeValue(value));
}

function readRecords(value: unknown, name: string, limits: TableLimits): Table {
  const records = listOf(value, name, 'record');
  // Keys of all records, in the order in which they first come; a record that is none is wrong alone.
  const places = new Map<string, number>();
  checkSize(records.length, 1, limits);
  for (const record of records) {
    if (!isRecord(record)) continue;
    for (const key of Object.keys(record)) if (!places.has(key)) places.set(key, places.size);
    checkSize(records.length, places.size, limits);
  }
  const rows = records.map((record): Row => {
    if (!isRecord(record)) return new RowFault('an object of columns', describeValue(record));
    const row = new Array<unknown>(places.size).fill(absent);
    for (const [key, cell] of Object.entries(record)) row[places.get(key) as number] = cell;
    return row;
  });
  return {
    ...{ columns: [...places.keys()], rows, isText: false, hasHeader: false },
    place: (row, column) => `${name}[${row}]${column === undefined ? '' : `.${shorten(column)}`}`,
  };
}

function readSplit(value: unknown, before: string, limits: TableLimits): Table {
  if (!isRecord(value)) throw badTable(before.slice(0, -1), 'an object with columns and data', describeValue(value));
  const unknown = Object.keys(value).find((key) => !['columns', 'index', 'data'].includes(key));
  if (unknown !== undefined)
    throw badTable(`${before}${shorten(unknown)}`, 'only columns, index and data', 'an unknown field');
  const columns = listOf(value['columns'], `${before}columns`, 'name');
  if (!columns.every((name) => typeof name === 'string'))
    throw badTable(`${before}columns`, 'names of columns as text', 'something else');
  const data = listOf(value['data'], `${before}data`, 'row');
  checkSize(data.length, columns.length, limits);
  const rows = data.map((row): Row => {
    if (!Array.isArray(row)) return new RowFault(`a list of ${columns.length} cells`, describeValue(row));
    return row.length === columns.length ? row : new RowFault(`${columns.length} cells`, `${row.length}`);
  });
  return {
    ...{ columns: columns as string[], rows, isText: false, hasHeader: true },
    place: (row, column) => `${before}data[${row}]${column === undefined ? '' : ` (${shorten(column)})`}`,
  };
}

function readColumns(value: unknown, limits: TableLimits): Table {
  if (!isRecord(value)) throw badTable('columns', 'lists of cells by the name of their column', describeValue(value));
  const columns = Object.entries(value).map(
    ([name, cells]) => [name, listOf(cells, `columns.${shorten(name)}`, 'cell')] as const,
  );
  const [first] = columns;
  if (!first) throw badTable('columns', 'at least one column', 'none');
  const count = first[1].length;
  checkSize(count, columns.length, limits);
  const uneven = columns.find(([, cells]) => cells.length !== count);
  if (uneven)
    throw badTable(
      `columns.${shorten(uneven[0])}`,
      `${count} cells, as many as ${shorten(first[0])}`,
      `${uneven[1].length}`,
    );
  return {
    columns: columns.map(([name]) => name),
    rows: Array.from({ length: count }, (_, row) => columns.map(([, cells]) => cells[row])),
    isText: false,
    hasHeader: true,
    place: (row, column) => (column === undefined ? `row ${row}` : `columns.${shorten(column)}[${row}]`),
  };
}
