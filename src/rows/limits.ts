import { TableError } from './table-error.ts';

/** What is taken at most, known before anything is made of it. */
export interface TableLimits {
  rows: number;
  /** Rows times columns. */
  cells: number;
}

export const tableLimits: TableLimits = { rows: 10_000, cells: 1_000_000 };

/** Throws TableError 413. */
export function checkSize(rows: number, columns: number, limits: TableLimits): void {
  if (rows <= limits.rows && rows * columns <= limits.cells) return;
  const most = `${limits.rows} rows, and up to ${limits.cells} cells`;
  throw new TableError(
    413,
    'too-many-rows',
    `Tables are taken of up to ${most}; this one has ${rows} rows of ${columns}.`,
  );
}
