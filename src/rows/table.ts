/** Rows as they were sent, before they are held against the columns of a model. */
export interface Table {
  /** Names of the cells of a row. */
  columns: readonly string[];
  rows: readonly Row[];
  /** Whether cells are texts whatever they stand for, as in CSV. */
  isText: boolean;
  /** Whether columns are named once for all rows: one that is not named was forgotten, and is not missing in each row. */
  hasHeader: boolean;
  /** Names a cell for messages: `records[2].age`; the row alone without a column. */
  place(row: number, column?: string): string;
}

/** A cell that was not sent at all. */
export const absent = undefined;

export type Row = readonly unknown[] | RowFault;

/** Stands in for a row that has no cells to read, such as one with too few of them. */
export class RowFault {
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    this.expected = expected;
    this.got = got;
  }
}
