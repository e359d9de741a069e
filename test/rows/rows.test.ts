import { describe, expect, it } from 'vitest';
import type { RowsSettings } from '../../src/model/rows-settings.ts';
import type { TensorInfo } from '../../src/model/tensor-info.ts';
import { checkColumns, columnsOfInputs } from '../../src/rows/columns.ts';
import { readCsvTable } from '../../src/rows/read-csv.ts';
import { readJsonTable } from '../../src/rows/read-json.ts';
import { RowReader } from '../../src/rows/read-rows.ts';
import type { Table } from '../../src/rows/table.ts';
import { TableError } from '../../src/rows/table-error.ts';

const input = (name: string, dtype: TensorInfo['dtype'], ...shape: (number | string)[]): TensorInfo => ({
  ...{ name, dtype, shape: ['', ...shape] },
});

/** One column of each type, and a matrix of two. */
const inputs = [
  ...[input('age', 'float32', 1), input('id', 'int64', 1), input('town', 'string', 1), input('member', 'bool')],
  input('size', 'float64', 2),
];
const settings: RowsSettings = {
  columns: [
    ...['age', 'id', 'town', 'member'].map((name) => ({ name, input: name })),
    ...['width', 'height'].map((name) => ({ name, input: 'size' })),
  ],
};

const read = (table: Table, reader = new RowReader(settings, inputs)): unknown[] =>
  reader.read(table).map((row) => (row instanceof TableError ? row.message : row));
const csv = (text: string): Table => readCsvTable(Buffer.from(text));
const refusal = (work: () => unknown): [number, string] | undefined => {
  try {
    work();
  } catch (error) {
    if (error instanceof TableError) return [error.status, error.code];
    throw error;
  }
  return undefined;
};
const bad = [400, 'bad-input'];

const record = { age: 41.5, id: 7, town: 'Ulm', member: true, width: 1, height: 2 };
const names = Object.keys(record);
const cells = Object.values(record);

describe('rows', () => {
  it('are the same in each form', () => {
    const forms = [
      { records: [record, record] },
      { dataframe_records: [record, record] },
      { columns: Object.fromEntries(Object.entries(record).map(([name, cell]) => [name, [cell, cell]])) },
      { columns: names, data: [cells, cells] },
      { columns: names, index: [5, 6], data: [cells, cells] },
      { dataframe_split: { columns: names, index: [0, 1], data: [cells, cells] } },
    ];
    for (const form of forms) expect(read(readJsonTable(form))).toEqual([cells, cells]);
  });

  it('become the tensors of the graph, columns side by side where an input takes several', () => {
    const reader = new RowReader(settings, inputs);
    const rows = [{ ...record, age: null }, record].flatMap((one) => reader.read(readJsonTable({ records: [one] })));
    expect(Object.fromEntries(reader.tensors(rows as unknown[][]))).toEqual({
      age: { dtype: 'float32', shape: [2, 1], data: Float32Array.of(Number.NaN, 41.5) },
      id: { dtype: 'int64', shape: [2, 1], data: BigInt64Array.of(7n, 7n) },
      town: { dtype: 'string', shape: [2, 1], data: ['Ulm', 'Ulm'] },
      member: { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 1) },
      size: { dtype: 'float64', shape: [2, 2], data: Float64Array.of(1, 2, 1, 2) },
    });
  });

  it('keep whole numbers of 64 bits, as texts of digits', () => {
    const reader = new RowReader(settings, inputs);
    const [good, wrong] = reader.read(
      readJsonTable({
        records: [
          { ...record, id: '9007199254740993' },
          { ...record, id: 9007199254740992 },
        ],
      }),
    );
    expect(reader.tensors([good as unknown[]]).get('id')?.data).toEqual(BigInt64Array.of(9007199254740993n));
    expect((wrong as TableError).message).toContain('records[1].id');
  });

  it('fail alone, each with its place', () => {
    const table = readJsonTable({
      records: [
        ...[record, 7, { ...record, agee: 1 }, { ...record, id: null }, { ...record, id: 1.5 }, { ...record, town: 7 }],
        ...[
          { ...record, member: 2 },
          { ...record, age: '41' },
          { ...record, age: 1e60 },
          { ...record, town: '\ud800' },
        ],
      ],
    });
    const found = read(table);
    expect(found[0]).toEqual(cells);
    const places = [1, '2].agee', '3].id', '4].id', '5].town', '6].member', '7].age', '8].age', '9].town'];
    for (const [at, place] of places.entries()) expect(found[at + 1]).toContain(`records[${place}`);
  });

  it('have missing floats and texts, and defaults for the rest', () => {
    expect(read(readJsonTable({ records: [{ id: 1, member: false }] }))).toEqual([['NaN', 1, '', false, 'NaN', 'NaN']]);
    const columns = settings.columns.map((column) =>
      column.name === 'id'
        ? { ...column, default: -1 }
        : column.name === 'member'
          ? { ...column, default: true }
          : column,
    );
    expect(read(csv('age,town,width,height\n1,,2,3\n'), new RowReader({ columns }, inputs))).toEqual([
      [1, -1, '', true, 2, 3],
    ]);
    expect(refusal(() => read(csv('age,town,width,height\n1,,2,3\n')))).toEqual(bad);
  });

  it('have no column that the model does not know, unless they may', () => {
    expect(refusal(() => read(readJsonTable({ records: [{ ...record, agee: 1 }] })))).toEqual(bad);
    expect(refusal(() => read(readJsonTable(JSON.parse('{"records":[{"__proto__":1}]}'))))).toEqual(bad);
    const lenient = new RowReader({ ...settings, unknown_columns: 'ignore' }, inputs);
    expect(read(readJsonTable({ records: [{ ...record, agee: 1 }] }), lenient)).toEqual([cells]);
  });

  it('are wrong as a whole', () => {
    const wrong = [
      ...[null, [], 7, {}, { rows: [] }, { records: [] }, { records: {} }, { records: [record], columns: {} }],
      ...[{ columns: [] }, { columns: {} }, { columns: { age: [] } }, { columns: { age: [1], id: [1, 2] } }],
      ...[
        { columns: ['age', 'age'], data: [[1, 1]] },
        { columns: [1], data: [[1]] },
        { columns: names, data: [], more: 1 },
      ],
      ...[{ dataframe_split: [] }, { dataframe_split: { columns: names } }, { columns: names, data: {} }],
    ];
    for (const body of wrong) expect([body, refusal(() => read(readJsonTable(body)))]).toEqual([body, bad]);
  });

  it('are bounded before anything is made of them', () => {
    const limits = { rows: 3, cells: 8 };
    const much = [413, 'too-many-rows'];
    expect(refusal(() => readJsonTable({ records: Array(4).fill({}) }, limits))).toEqual(much);
    expect(refusal(() => readJsonTable({ records: Array(3).fill({ a: 1, b: 2, c: 3 }) }, limits))).toEqual(much);
    expect(refusal(() => readJsonTable({ columns: { a: [1, 2, 3, 4] } }, limits))).toEqual(much);
    expect(refusal(() => readJsonTable({ columns: ['a'], data: [1, 2, 3, 4] }, limits))).toEqual(much);
    expect(refusal(() => readCsvTable(Buffer.from('a\n1\n2\n3\n4\n5\n6\n'), limits))).toEqual(much);
  });
});

describe('CSV', () => {
  const header = 'age,id,town,member,width,height\n';

  it('is read by the types of the columns, not by what it looks like', () => {
    const text = `\ufeff${header}1e2,007,NA,True,.5,NaN\r\n\n,"12.0","a ""b"", c\nd",0,inf,-1.\n`;
    expect(read(csv(text))).toEqual([
      [100, '7', 'NA', true, 0.5, 'NaN'],
      ['NaN', '12', 'a "b", c\nd', false, 'Infinity', -1],
    ]);
  });

  it('may begin with the index that pandas writes', () => {
    expect(read(csv(`,${header}0,1,2,Ulm,false,3,4\n`))).toEqual([[1, '2', 'Ulm', false, 3, 4]]);
  });

  it('has rows that fail alone, by the line', () => {
    const lines = [
      '1,2,a,1,1,1',
      '1,2,a,1,1',
      '1,2,a,1,1,1,1',
      'x,2,a,1,1,1',
      '1,,a,1,1,1',
      '1,2,a,yes,1,1',
      '1,2,a,1,1,1e999',
    ];
    const found = read(csv(header + lines.join('\n')));
    expect(found[0]).toEqual([1, '2', 'a', true, 1, 1]);
    const places = ['line 3', 'line 4', 'line 5, age', 'line 6, id', 'line 7, member', 'line 8, height'];
    for (const [at, place] of places.entries()) expect(found[at + 1]).toContain(`${place}: `);
  });

  it('is refused where it is none', () => {
    const texts = [
      ...['', '\n\n', header, `${header}1,2,"a,1,1,1\n`, `${header}1,2,a"b,1,1,1\n`, `${header}1,2,"a"b,1,1,1\n`],
      ...['age,age\n1,2\n', 'age;id\n1;2\n', '__proto__\n1\n', 'a\tb\n1\t2\n'],
    ];
    for (const text of texts) expect([text, refusal(() => read(csv(text)))]).toEqual([text, bad]);
    expect(refusal(() => readCsvTable(Buffer.from([0xff, 0xfe, 0x61, 0])))).toEqual(bad);
    expect(refusal(() => csv(`a\n"${'x'.repeat(1_100_000)}`))).toEqual([413, 'too-many-rows']);
  });
});

describe('columns of a model', () => {
  it('are its inputs, where each takes one', () => {
    expect(columnsOfInputs(inputs.slice(0, 4))).toEqual(settings.columns.slice(0, 4));
    expect(() => columnsOfInputs(inputs)).toThrow('size takes 2 columns');
    expect(() => columnsOfInputs([input('picture', 'float32', 3, 8, 8)])).toThrow('form of rows');
  });

  it('fit its inputs', () => {
    const one = { name: 'age', input: 'age' };
    expect(() => checkColumns(settings, inputs)).not.toThrow();
    for (const columns of [[], [one], [...settings.columns, one], [...settings.columns, { name: 'x', input: 'y' }]])
      expect(() => checkColumns({ columns }, inputs)).toThrow();
    for (const wrong of ['x', 1.5])
      expect(() => checkColumns({ columns: [{ name: 'id', input: 'id', default: wrong }] }, [inputs[1]!])).toThrow(
        'default',
      );
  });
});
