import type { Column, RowsSettings } from '../model/rows-settings.ts';
import { filler } from '../model/tensor-elements.ts';
import type { TensorInfo } from '../model/tensor-info.ts';
import { readCell } from './cells.ts';
import { absent } from './table.ts';

/** Settings that a model's inputs do not fit; says what does not. */
export class ColumnsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ColumnsError';
  }
}

/** The column of each input of one value a row: [rows, 1] or [rows]. Throws ColumnsError where an input takes more. */
export function columnsOfInputs(inputs: readonly TensorInfo[]): Column[] {
  return inputs
    .filter(({ optional }) => !optional)
    .map((info) => {
      const width = widthOf(info);
      if (width !== 1) throw new ColumnsError(`The input ${info.name} takes ${width ?? 'many'} columns: name them.`);
      return { name: info.name, input: info.name };
    });
}

/** How many columns go into an input; undefined where the graph leaves that open. Throws ColumnsError. */
export function widthOf({ name, shape, dtype }: TensorInfo): number | undefined {
  if (dtype === 'float16' || dtype === 'bfloat16')
    throw new ColumnsError(`The input ${name} is ${dtype}, which rows are not made into.`);
  if (shape === null || shape.length > 2 || shape.length === 0)
    throw new ColumnsError(`The input ${name} has not the form of rows: [rows] or [rows, columns].`);
  const width = shape.length === 1 ? 1 : shape[1];
  return typeof width === 'number' ? width : undefined;
}

/** Every column goes into an input, every input is filled, no name stands twice, defaults fit. Throws ColumnsError. */
export function checkColumns({ columns }: RowsSettings, inputs: readonly TensorInfo[]): void {
  const names = columns.map(({ name }) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new ColumnsError(`The column ${twice} stands twice.`);
  const lost = columns.find(({ input }) => !inputs.some(({ name }) => name === input));
  if (lost) throw new ColumnsError(`The model has no input ${lost.input}, into which the column ${lost.name} goes.`);
  for (const column of columns) checkDefault(column, inputs.find(({ name }) => name === column.input) as TensorInfo);
  for (const info of inputs) {
    const count = columns.filter(({ input }) => input === info.name).length;
    if (count === 0 && info.optional) continue;
    const width = widthOf(info) ?? Math.max(count, 1);
    if (count !== width)
      throw new ColumnsError(`The input ${info.name} takes ${width} columns, and ${count} go into it.`);
  }
}

function checkDefault(column: Column, { dtype }: TensorInfo): void {
  if (column.default === undefined) return;
  try {
    filler(dtype, 1, 'in').fill(0, [readCell(absent, column, dtype, false)], () => '');
  } catch {
    throw new ColumnsError(`The default of ${column.name} is no ${dtype}.`);
  }
}
