import type { Column, RowsSettings } from '../model/rows-settings.ts';
import { type Filler, filler } from '../model/tensor-elements.ts';
import { describeValue, TensorError } from '../model/tensor-error.ts';
import type { Dtype, TensorInfo } from '../model/tensor-info.ts';
import type { ParsedTensor } from '../model/tensor-json.ts';
import { CellError, readCell } from './cells.ts';
import { widthOf } from './columns.ts';
import { absent, RowFault, type Table } from './table.ts';
import { badTable, shorten, type TableError } from './table-error.ts';

/** The cells of a row in the order of the model's columns, each checked against the type of its column. */
export type CheckedRow = readonly unknown[];

interface Typed {
  column: Column;
  dtype: Dtype;
  /** Throws TensorError for what the tensors of the type do not hold: ranges, whole numbers, half characters. */
  probe: Filler;
}

/** Turns tables into the tensors of a model. */
export class RowReader {
  readonly #columns: readonly Typed[];
  readonly #inputs: readonly TensorInfo[];
  readonly #takesUnknown: boolean;

  /** @param settings that `checkColumns` has found to fit the inputs */
  constructor(settings: RowsSettings, inputs: readonly TensorInfo[]) {
    this.#inputs = inputs.filter(({ name }) => settings.columns.some(({ input }) => input === name));
    this.#columns = settings.columns.map((column) => {
      const { dtype } = this.#inputs.find(({ name }) => name === column.input) as TensorInfo;
      return { column, dtype, probe: filler(dtype, 1, 'in') };
    });
    this.#takesUnknown = settings.unknown_columns === 'ignore';
  }

  /**
   * Rows of a table, or what is wrong with one in its place. Throws TableError 400 where a column stands twice, or where all
   * rows lack one or have one that the model does not know.
   */
  read(table: Table): (CheckedRow | TableError)[] {
    const places = this.#placesIn(table);
    const unknown = this.#takesUnknown ? [] : this.#unknownIn(table);
    return table.rows.map((row, index) => {
      if (row instanceof RowFault) return badTable(table.place(index), row.expected, row.got);
      const stray = unknown.find((at) => row[at] !== absent);
      if (stray !== undefined) return this.#unknownColumn(table.place(index, table.columns[stray] as string));
      return this.#readRow(table, row, index, places);
    });
  }

  /** Where each of the model's columns stands in a row; undefined where none has it, but for records a mistake. */
  #placesIn({ columns, hasHeader }: Table): (number | undefined)[] {
    const places = new Map<string, number>();
    for (const [at, name] of columns.entries()) {
      if (places.has(name)) throw badTable(shorten(name), 'each column once', 'it twice');
      places.set(name, at);
    }
    return this.#columns.map(({ column }) => {
      const at = places.get(column.name);
      if (at === undefined && hasHeader && column.default === undefined)
        throw badTable(shorten(column.name), 'this column', 'none of the name');
      return at;
    });
  }

  #unknownIn({ columns, rows, place }: Table): number[] {
    const known = new Set(this.#columns.map(({ column }) => column.name));
    const unknown = [...columns.keys()].filter((at) => !known.has(columns[at] as string));
    const everywhere = unknown.find((at) => rows.every((row) => !(row instanceof RowFault) && row[at] !== absent));
    if (everywhere === undefined) return unknown;
    throw this.#unknownColumn(
      rows.length === 1 ? place(0, columns[everywhere]) : shorten(columns[everywhere] as string),
    );
  }

  #unknownColumn(place: string): TableError {
    const names = this.#columns.slice(0, 40).map(({ column }) => column.name);
    const more = this.#columns.length > names.length ? ` and ${this.#columns.length - names.length} more` : '';
    return badTable(place, `only the columns ${names.join(', ')}${more}`, 'an unknown column');
  }

  #readRow(
    { isText, place }: Table,
    row: readonly unknown[],
    index: number,
    places: readonly (number | undefined)[],
  ): CheckedRow | TableError {
    const cells: unknown[] = [];
    for (const [at, { column, dtype, probe }] of this.#columns.entries()) {
      const from = places[at];
      const cell = from === undefined ? absent : row[from];
      try {
        const value = readCell(cell, column, dtype, isText);
        probe.fill(0, [value], nowhere);
        cells.push(value);
      } catch (error) {
        if (!(error instanceof CellError || error instanceof TensorError)) throw error;
        return badTable(place(index, column.name), error.expected, describeCell(cell, isText));
      }
    }
    return cells;
  }

  /** The tensors of some rows, by input. */
  tensors(rows: readonly CheckedRow[]): Map<string, ParsedTensor> {
    return new Map(this.#inputs.map((info) => [info.name, this.#tensor(info, rows)]));
  }

  #tensor(info: TensorInfo, rows: readonly CheckedRow[]): ParsedTensor {
    const { name, dtype, shape } = info;
    const own = [...this.#columns.keys()].filter((at) => this.#columns[at]?.column.input === name);
    const width = widthOf(info) ?? own.length;
    const into = filler(dtype, rows.length * width, 'in');
    for (const [row, cells] of rows.entries())
      into.fill(
        row * width,
        own.map((at) => cells[at]),
        nowhere,
      );
    return { dtype, shape: shape?.length === 1 ? [rows.length] : [rows.length, width], data: into.data };
  }
}

/** Cells are named by their table. */
const nowhere = (): string => '';

const describeCell = (cell: unknown, isText: boolean): string =>
  cell === '' && isText ? 'an empty field' : describeValue(cell);
