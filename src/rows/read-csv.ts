import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { checkSize, type TableLimits, tableLimits } from './limits.ts';
import { type Row, RowFault, type Table } from './table.ts';
import { badTable, shorten, TableError } from './table-error.ts';

/** Of one line: far above what rows of a model have, and what a quote that is never closed may swallow. */
const maxRecordBytes = 1024 * 1024;

/** A line of the file. */
interface Line {
  record: string[];
  info: { lines: number };
}

/**
 * Reads CSV with a header as RFC 4180 has it: fields in double quotes may hold commas, quotes (doubled) and line breaks.
 * A byte order mark is passed over, as are empty lines. A first column without a name is the index that pandas writes, and
 * is left out. A line of another length than the header is wrong alone; quotes that do not close are wrong for the whole.
 * Throws TableError 400, and 413 for more rows or cells than the limits.
 */
export function readCsvTable(bytes: Uint8Array, limits: TableLimits = tableLimits): Table {
  if (!isUtf8(bytes)) throw badTable('', 'CSV in UTF-8', 'other bytes');
  const [header, ...lines] = parseLines(bytes, limits);
  if (!header || lines.length === 0) throw badTable('', 'CSV with a header and at least one row', 'fewer lines');
  const names = header.record;
  checkSize(lines.length, names.length, limits);
  const first = names[0] === '' ? 1 : 0;
  const rows = lines.map(
    ({ record }): Row =>
      record.length === names.length
        ? record.slice(first)
        : new RowFault(`${names.length} fields, as the header has`, `${record.length}`),
  );
  return {
    ...{ columns: names.slice(first), rows, isText: true, hasHeader: true },
    place: (row, column) => `line ${lines[row]?.info.lines}${column === undefined ? '' : `, ${shorten(column)}`}`,
  };
}

function parseLines(bytes: Uint8Array, limits: TableLimits): Line[] {
  try {
    return parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
      ...{ bom: true, info: true, skip_empty_lines: true, relax_column_count: true, max_record_size: maxRecordBytes },
      // One more than is taken, to know that there are more.
      to: limits.rows + 2,
    }) as unknown as Line[];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const { code, lines } = error as CsvError & { lines?: number };
    if (code === 'CSV_MAX_RECORD_SIZE')
      throw new TableError(413, 'too-many-rows', `A line of the CSV is longer than ${maxRecordBytes} bytes.`);
    const place = lines === undefined ? '' : `line ${lines}`;
    throw badTable(place, 'CSV as RFC 4180 has it', 'a quote that does not close, or stands inside a field');
  }
}
