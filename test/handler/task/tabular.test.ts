import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compareAnswer } from '../../../src/model/answer-compare.ts';
import type { TaskSection } from '../../../src/model/task.ts';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures', 'customers');
const read = (path: string): Buffer => readFileSync(join(fixtures, path));

/** Rows as pandas writes them, and what Python answers; scripts/rows/customers.py wrote it down. */
const customers = JSON.parse(read('answers.json').toString()) as {
  csv: string;
  csv_with_index: string;
  split: object;
  records: Record<string, unknown>[];
  columns: object;
  churn: Record<string, unknown>[];
  grid: Record<string, unknown>[];
  value: number[];
};

const info = (name: string, dtype: TensorInfo['dtype'], ...shape: (number | string)[]): TensorInfo => ({
  name,
  dtype,
  shape,
});
const dtypes = { age: 'float32', income: 'float32', visits: 'int64', town: 'string' } as const;
const inputs = Object.entries(dtypes).map(([name, dtype]) => info(name, dtype, '', 1));
const columns = inputs.map(({ name }) => ({ name, input: name }));
const outputs = [info('label', 'string', ''), info('probabilities', 'float32', '', 2)];
const labels = { probabilities: ['leaves', 'stays'] };
const churn: TaskSection = { kind: 'tabular', columns, outputs: ['label', 'probabilities'], labels };
const grid = ['age', 'income', 'visits'].map((name) => ({ name, input: 'X' }));

const store = new ModelStore();
store.promote(store.publish('churn', '1.0.0', { model: read('churn.onnx'), inputs, outputs, task: churn }));
store.promote(
  store.publish('value', '1.0.0', {
    ...{
      model: read('value.onnx'),
      inputs: [info('X', 'float32', '', 3)],
      outputs: [info('variable', 'float32', '', 1)],
    },
    task: { kind: 'tabular', columns: grid, outputs: ['variable'], labels: {} },
  }),
);
const app = new TestApp(store.root, { MODEL_NAME: 'churn', COLDGATE_MODELS: 'churn,value' });
afterAll(async () => {
  await app.close();
  store.remove();
});

const ask = (body: object, name = 'churn') => app.ask(`/v1/models/${name}/predict`, { body });
const csv = (text: string) =>
  app.ask('/v1/models/churn/predict', { body: text, headers: { 'content-type': 'text/csv; charset=utf-8' } });
const predictions = (reply: { status: number; json: unknown }): unknown[] => {
  expect(reply).toMatchObject({ status: 200 });
  return (reply.json as { predictions: unknown[] }).predictions;
};

describe('a model of rows', () => {
  it.each(['records', 'columns', 'split'] as const)('answers %s as Python does', async (form) => {
    const body = form === 'split' ? customers.split : { [form]: customers[form] };
    expect(compareAnswer(customers.churn, predictions(await ask(body)))).toBeUndefined();
  });

  it('answers CSV as Python does, with and without the index, and the envelopes of MLflow', async () => {
    for (const text of [customers.csv, customers.csv_with_index])
      expect(compareAnswer(customers.churn, predictions(await csv(text)))).toBeUndefined();
    for (const body of [{ dataframe_split: customers.split }, { dataframe_records: customers.records }])
      expect(compareAnswer(customers.churn, predictions(await ask(body)))).toBeUndefined();
  });

  it('packs columns into one matrix by their names, in whatever order they come', async () => {
    const expected = customers.value.map((variable) => ({ variable }));
    expect(compareAnswer(expected, predictions(await ask({ records: customers.grid }, 'value')))).toBeUndefined();
    const turned = customers.grid.map((row) => Object.fromEntries(Object.entries(row).reverse()));
    expect(compareAnswer(expected, predictions(await ask({ records: turned }, 'value')))).toBeUndefined();
  });

  it('answers the rows that are right, and says in place of the others what is wrong', async () => {
    const [first, second] = customers.records;
    const rows = [first, { ...second, visits: null }, { ...second, vists: 1 }, { ...second, town: 'Bonn' }, second];
    const found = predictions(await ask({ records: rows }));
    expect(compareAnswer(customers.churn.slice(0, 2), [found[0], found[4]])).toBeUndefined();
    expect(found.slice(1, 3)).toMatchObject([{ error: { code: 'bad-input' } }, { error: { code: 'bad-input' } }]);
  });

  it('is described', async () => {
    const { json } = await app.ask('/v1/models/churn/openapi.json');
    expect(json).toMatchObject({
      paths: { '/v1/models/churn/predict': { post: { requestBody: { content: { 'text/csv': {} } } } } },
      components: { schemas: { PredictResponse: {} } },
    });
  });

  it('refuses what are no rows, with a reason and never with 500', async () => {
    const [row] = customers.records;
    const bodies: object[] = [
      ...[{}, { records: [] }, { records: {} }, { records: [null] }, { rows: [row] }, { columns: [] }, { columns: {} }],
      ...[{ columns: { age: 1 } }, { columns: ['age'], data: [] }, { columns: ['age'], data: 7 }, { data: [[1]] }],
      ...[
        { dataframe_split: null },
        { dataframe_records: 7 },
        { records: [row], more: 1 },
        { columns: [[]], data: [[]] },
      ],
      ...Object.keys(dtypes).flatMap((name) =>
        [[], {}, true, '\ud800', '1e999', -1e300, 1.5, '\u0000'].map((cell) => ({
          records: [{ ...row, [name]: cell }],
        })),
      ),
      { records: Array(10_001).fill({}) },
      JSON.parse('{"records":[{"__proto__":{"age":1},"constructor":2}]}') as object,
    ];
    for (const body of bodies) {
      const { status } = await ask(body);
      expect([JSON.stringify(body).slice(0, 99), [200, 400, 413, 422].includes(status)]).toEqual([
        expect.any(String),
        true,
      ]);
    }
    const [head = '', line = ''] = customers.csv.split('\n');
    const texts = [
      ...['', '\n', head, `${head}\n`, line, `${head}\n"`, `${head}\n${line}"`, `${head}\n${line},1`, `${head}\n1`],
      ...[`${head};\n${line}`, `${head},age\n${line},1`, `\u0000${head}\n${line}`, `${head}\n\u0000,1,2,3`],
      ...[`${head}\n${','.repeat(5000)}`, `${','.repeat(5000)}\n${line}`, `${head}\n${'1,2,3,a\n'.repeat(10_001)}`],
      ...Array.from({ length: 40 }, (_, at) => `${head}\n${line}`.slice(0, at * 2)),
      ...Array.from({ length: 20 }, (_, at) =>
        `${head}\n${line}`.replace(/,/g, (comma, place: number) => (place % 20 === at ? '"' : comma)),
      ),
    ];
    for (const text of texts) {
      const { status } = await csv(text);
      expect([text.slice(0, 99), [200, 400, 413, 422].includes(status)]).toEqual([expect.any(String), true]);
    }
    expect(bodies.length + texts.length).toBeGreaterThan(100);
    expect(
      (
        await app.ask('/v1/models/churn/predict', {
          body: Buffer.of(0xff, 0xfe),
          headers: { 'content-type': 'text/csv' },
        })
      ).status,
    ).toBe(400);
  });
});
