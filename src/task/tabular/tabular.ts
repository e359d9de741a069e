import type { Tabular } from '../../model/task.ts';
import { elementsToJson } from '../../model/tensor-format.ts';
import type { ClassLabel, TensorInfo } from '../../model/tensor-info.ts';
import type { ParsedTensor } from '../../model/tensor-json.ts';
import { readJsonTable } from '../../rows/read-json.ts';
import { type CheckedRow, RowReader } from '../../rows/read-rows.ts';
import { TableError } from '../../rows/table-error.ts';
import { floatsOf, mismatch } from '../rows.ts';
import { bestOf, scoredSchema } from '../scores.ts';
import { type Schema, type Signature, type Task, type TaskBody, TaskError, type Tensors } from '../task.ts';

/** Rows of one run. */
const rowsOfRun = 1024;

/** Rows to an object of the named outputs each. */
export function tabular(section: Tabular, { inputs }: Signature): Task<CheckedRow> {
  const { kind, outputs: names } = section;
  const reader = new RowReader(section, inputs);
  const fixed = inputs.map(({ shape }) => shape?.[0]).find((rows) => typeof rows === 'number');
  return {
    kind,
    types: ['text/csv'],
    example: exampleOf(section, inputs),
    schemas: { request: requestSchema, prediction: predictionSchema(section) },
    async read(body) {
      try {
        return reader.read(await tableOf(body)).map((row) => (row instanceof TableError ? asTaskError(row) : row));
      } catch (error) {
        throw error instanceof TableError ? asTaskError(error) : error;
      }
    },
    *runs(items, alone) {
      const most = alone ? 1 : (fixed ?? rowsOfRun);
      for (let from = 0; from < items.length; from += most) {
        const own = items.slice(from, from + most);
        // What a fixed number of rows has too many repeats the last row.
        const filled = Array.from({ length: fixed ?? own.length }, (_, at) => own[at] ?? (own.at(-1) as CheckedRow));
        yield {
          items: own.map((_row, at) => from + at),
          feeds: reader.tensors(filled),
          outputs: names,
          answer: (outputs: Tensors) => answersOf(section, outputs, filled.length).slice(0, own.length),
        };
      }
    },
  };
}

/** CSV is read by a library that comes with the first body of it. */
async function tableOf(body: TaskBody) {
  if ('json' in body) return readJsonTable(body.json);
  const { readCsvTable } = await import('../../rows/read-csv.ts');
  return readCsvTable(body.bytes);
}

const asTaskError = ({ status, code, message }: TableError): TaskError => new TaskError(status, code, message);

function answersOf({ outputs: names, labels }: Tabular, outputs: Tensors, rows: number): unknown[] {
  const columns = names.map((name) => cellsOf(name, outputs, rows, labels[name]));
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(names.map((name, at) => [name, columns[at]?.[row]])),
  );
}

/** What an output says of each row: a value, the values of its columns, or labels with scores. */
function cellsOf(name: string, outputs: Tensors, rows: number, labels: ClassLabel[] | undefined): unknown[] {
  const { dtype, shape, data } = outputs.get(name) as ParsedTensor;
  if (shape.length === 0 || shape.length > 2 || shape[0] !== rows)
    throw mismatch(`the output ${name} is [${shape.join(', ')}] for ${rows} rows`);
  const width = shape[1] ?? 1;
  if (labels) {
    if (width !== labels.length) throw mismatch(`${width} columns in ${name}, and ${labels.length} labels`);
    const scores = floatsOf(outputs, name, [2], rows).data;
    return Array.from({ length: rows }, (_, row) =>
      bestOf(
        Float64Array.from({ length: width }, (_, column) => scores[row * width + column]!),
        labels,
        labels.length,
      ),
    );
  }
  const values = elementsToJson(dtype, data);
  return Array.from({ length: rows }, (_, row) =>
    width === 1 ? values[row] : values.slice(row * width, (row + 1) * width),
  );
}

/** Numbers of zero are made up for floats alone: of whole numbers and texts a model may know some and no others. */
function exampleOf({ columns }: Tabular, inputs: readonly TensorInfo[]): unknown {
  const dtypeOf = (input: string) => inputs.find(({ name }) => name === input)?.dtype;
  if (!columns.every(({ input }) => /^float(?:32|64)$/.test(dtypeOf(input) ?? ''))) return undefined;
  const record = Object.fromEntries(columns.map(({ name }) => [name, 0]));
  return { records: [record, record] };
}

const cell = { type: ['number', 'string', 'boolean', 'null'] };
const rowsOf = (items: Schema): Schema => ({ type: 'array', minItems: 1, items });
const record = { type: 'object', additionalProperties: cell };
const split = {
  type: 'object',
  required: ['columns', 'data'],
  additionalProperties: false,
  properties: { columns: rowsOf({ type: 'string' }), index: { type: 'array' }, data: rowsOf(rowsOf(cell)) },
};
const only = (name: string, schema: Schema): Schema => ({
  ...{ type: 'object', required: [name], additionalProperties: false, properties: { [name]: schema } },
});
const requestSchema: Schema = {
  oneOf: [
    only('records', rowsOf(record)),
    only('columns', { type: 'object', minProperties: 1, additionalProperties: rowsOf(cell) }),
    split,
    only('dataframe_split', split),
    only('dataframe_records', rowsOf(record)),
  ],
};

const value = { type: ['number', 'string', 'boolean'] };

function predictionSchema({ outputs, labels }: Tabular): Schema {
  const of = (name: string): Schema =>
    labels[name] ? scoredSchema(labels[name]) : { anyOf: [value, { type: 'array', items: value }] };
  return { type: 'object', required: outputs, properties: Object.fromEntries(outputs.map((name) => [name, of(name)])) };
}
