import { afterAll, describe, expect, it } from 'vitest';
import { ServedModel } from '../../../src/handler/model/served-model.ts';
import { encodeModel, node, tensor, tensorType, tinyModel, tokenModel, value } from '../../fixtures/onnx.ts';
import { bytes, int, text } from '../../fixtures/protobuf.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
afterAll(() => store.remove());

/** AttributeProto of an integer. */
const intAttribute = (name: string, number: number): Buffer =>
  bytes(5, Buffer.concat([text(1, name), int(3, number), int(20, 2)]));

/** y = running sum of x along its free first dimension, which is time and no batch. */
const runningSum = (): Buffer =>
  encodeModel({
    nodes: [node('CumSum', ['x', 'axis'], ['y'])],
    initializers: [tensor('axis', 'int64', [], new Uint8Array(new BigInt64Array([0n]).buffer))],
    inputs: [value('x', tensorType('float32', ['n', 2]))],
    outputs: [value('y', tensorType('float32', ['n', 2]))],
  });

/** y = sum of x along the first dimension: another number of rows comes out. */
const collapse = (): Buffer =>
  encodeModel({
    nodes: [node('ReduceMax', ['x'], ['y'], intAttribute('keepdims', 1))],
    inputs: [value('x', tensorType('float32', ['n', 2]))],
    outputs: [value('y', tensorType('float32', ['n', 'm']))],
  });

const batch = async (model: Buffer, items: unknown[]): Promise<{ app: TestApp; json: unknown; status: number }> => {
  store.promote(store.publish('tiny', '1.0.0', { model }));
  const app = new TestApp(store.root);
  const { json, status } = await app.ask('/v1/batch', { body: { items } });
  await app.close();
  return { app, json, status };
};
/** Runs of the model while the work lasts, by the rows of their first input. */
async function countRuns(work: () => Promise<unknown>): Promise<(number | undefined)[]> {
  const { prototype } = ServedModel;
  const { run } = prototype;
  const rows: (number | undefined)[] = [];
  prototype.run = function counted(this: ServedModel, feeds, outputs) {
    rows.push([...feeds.values()][0]?.shape[0]);
    return run.call(this, feeds, outputs);
  };
  try {
    await work();
  } finally {
    prototype.run = run;
  }
  return rows;
}
const row = (...values: number[]): unknown => ({ inputs: { x: [values] } });

describe('POST /v1/batch', () => {
  it('stacks items into one run and answers each as it would alone', async () => {
    const { json, app } = await batch(tinyModel(), [
      row(1, 2),
      {
        inputs: [
          [1, 2],
          [3, 4],
        ],
      },
      row(5, 6),
    ]);
    expect(json).toMatchObject({
      items: [
        { outputs: { y: [[5.5, 1]] } },
        {
          outputs: {
            y: [
              [5.5, 1],
              [11.5, 1],
            ],
          },
        },
        { outputs: { y: [[17.5, 1]] } },
      ],
      stacked: true,
      model: { name: 'tiny', version: '1.0.0' },
    });
    expect(app.logged('request')).toMatchObject([{ route: '/v1/batch', items: 3, status: 200 }]);
  });

  it('lets one bad item fail alone', async () => {
    const { json, status } = await batch(tinyModel(), [row(1, 2), row(1), 7, { inputs: [[3, 4]] }]);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      items: [
        { outputs: { y: [[5.5, 1]] } },
        { error: { code: 'bad-input' } },
        { error: { code: 'bad-input' } },
        { outputs: { y: [[11.5, 1]] } },
      ],
    });
  });

  it('answers items of different shapes and forms one by one', async () => {
    const ids = (n: number): unknown => ({ inputs: { ids: [Array(n).fill(1)], offset: [Array(n).fill(0)] } });
    const flat = { inputs: { ids: { shape: [1, 1], data: [2] }, offset: [[0]] } };
    const { json } = await batch(tokenModel(), [ids(1), ids(2), flat]);
    expect(json).toMatchObject({
      items: [
        { outputs: { y: [[[1, 1.25, 1.5, 1.75]]] } },
        {},
        { outputs: { y: { shape: [1, 1, 4], data: [2, 2.25, 2.5, 2.75] } } },
      ],
      stacked: false,
    });
  });

  it('runs items alone where one has values that the graph refuses', async () => {
    const id = (n: number): unknown => ({ inputs: { ids: [[n]], offset: [[0]] } });
    const { json } = await batch(tokenModel(), [id(1), id(99), id(2)]);
    expect(json).toMatchObject({
      items: [{ outputs: { y: [[[1, 1.25, 1.5, 1.75]]] } }, { error: { code: 'inference-failed' } }, { outputs: {} }],
      stacked: false,
    });
  });

  it('does not take a free first dimension for a batch when joined items would answer otherwise', async () => {
    const { json } = await batch(runningSum(), [row(1, 2), row(10, 20), row(100, 200)]);
    expect(json).toMatchObject({
      items: [{ outputs: { y: [[1, 2]] } }, { outputs: { y: [[10, 20]] } }, { outputs: { y: [[100, 200]] } }],
      stacked: false,
    });
  });

  it('runs items alone where another number of rows comes out', async () => {
    const { json } = await batch(collapse(), [row(1, 2), row(3, 4)]);
    expect(json).toMatchObject({ items: [{ outputs: { y: [[2]] } }, { outputs: { y: [[4]] } }], stacked: false });
  });

  it('stacks more items than one run takes', async () => {
    const { json } = await batch(
      tinyModel(),
      Array.from({ length: 600 }, (_, i) => row(i, 0)),
    );
    const { items, stacked } = json as { items: unknown[]; stacked: boolean };
    expect(stacked).toBe(true);
    expect(items).toHaveLength(600);
    expect(items[599]).toEqual({ outputs: { y: [[599.5, 0]] } });
  });

  it.each([[{}], [{ items: [] }], [{ items: {} }], [{ items: Array(1025).fill({}) }], [{ items: [1], more: 1 }]])(
    'refuses the body %#',
    async (body) => {
      store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
      const app = new TestApp(store.root);
      expect(await app.ask('/v1/batch', { body })).toMatchObject({
        status: 400,
        json: { error: { code: 'bad-input' } },
      });
      await app.close();
    },
  );

  it('runs a stacked batch once, after one proof, and others item by item', async () => {
    store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
    const app = new TestApp(store.root);
    const items = Array.from({ length: 10 }, (_, at) => row(at, 1));
    const ask = (body: unknown[]) => countRuns(() => app.ask('/v1/batch', { body: { items: body } }));
    // The first time, the first and the last item are run alone to compare.
    expect(await ask(items)).toEqual([10, 1, 1]);
    expect(await ask(items)).toEqual([10]);
    expect(await ask([...items, row(1), 7])).toEqual([10]);
    expect(
      await ask([
        ...items,
        {
          inputs: [
            [1, 2],
            [3, 4],
          ],
        },
      ]),
    ).toEqual([12]);
    expect(await ask([items[0]])).toEqual([1]);
    expect(await ask([row(1), 7])).toEqual([]);
    await app.close();
  });

  it('runs item by item where the first dimension is fixed', async () => {
    const fixed = encodeModel({
      nodes: [node('Identity', ['x'], ['y'])],
      inputs: [value('x', tensorType('float32', [1, 2]))],
      outputs: [value('y', tensorType('float32', [1, 2]))],
    });
    store.promote(store.publish('tiny', '1.0.0', { model: fixed }));
    const app = new TestApp(store.root);
    let json: unknown;
    const runs = await countRuns(async () => {
      ({ json } = await app.ask('/v1/batch', { body: { items: [row(1, 2), row(1), row(3, 4)] } }));
    });
    expect(runs).toEqual([1, 1]);
    expect(json).toMatchObject({
      items: [{ outputs: { y: [[1, 2]] } }, { error: { code: 'bad-input' } }, { outputs: { y: [[3, 4]] } }],
      stacked: false,
    });
    await app.close();
  });
});
