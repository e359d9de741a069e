import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { TestApp } from '../test-app.ts';
import { ModelStore } from './model-store.ts';

type Shape = (number | string)[] | null;

/** y = relu(x), of shapes as they are declared, right or wrong. */
const relu = (input: Shape, output: Shape): Buffer =>
  encodeModel({
    nodes: [node('Relu', ['x'], ['y'])],
    inputs: [value('x', tensorType('float32', input))],
    outputs: [value('y', tensorType('float32', output))],
  });
const info = (name: string, shape: Shape): TensorInfo => ({ name, dtype: 'float32', shape });

const store = new ModelStore();
const apps: TestApp[] = [];
afterAll(async () => {
  for (const app of apps) await app.close();
  store.remove();
});

let models = 0;
/** A function that serves it under a pointer, with the manifest that a publish writes. */
function serve(model: Buffer, input: Shape, output: Shape, sample?: unknown): TestApp {
  const name = `m${models++}`;
  const inputs = [info('x', input)];
  store.promote(store.publish(name, '1.0.0', { model, inputs, outputs: [info('y', output)], sample }));
  const app = new TestApp(store.root, { MODEL_NAME: name, COLDGATE_PAGE: 'true' });
  apps.push(app);
  return app;
}

describe('an input of which no shape is declared', () => {
  const app = serve(relu(null, null), null, null, { inputs: { x: [[1, -1]] }, outputs: { y: [[1, 0]] } });
  const infer = (inputs: unknown) => app.ask('/v1/infer', { body: { inputs } });

  it.each([[1], [[1, 2]], [[[1], [2]]], [[]], [[[], []]]])('takes %j', async (x) => {
    expect(await infer({ x })).toMatchObject({ status: 200, json: { outputs: { y: x } } });
    expect(await infer(x)).toMatchObject({ status: 200, json: { outputs: { y: x } } });
  });

  it('takes flat data, bytes with their shape, and the Open Inference Protocol', async () => {
    expect(await infer({ x: { shape: [2, 1], data: [1, 2] } })).toMatchObject({
      json: { outputs: { y: { shape: [2, 1], data: [1, 2] } } },
    });
    const body = new Uint8Array(Float32Array.of(1, 2).buffer);
    const headers = { 'x-tensor-shape': '2,1' };
    expect((await app.ask('/v1/infer', { body, headers })).headers['x-tensor-shape']).toBe('2,1');
    const unstated = await app.ask('/v1/infer', { body });
    expect(unstated).toMatchObject({ status: 400 });
    expect(unstated.body).toContain('X-Tensor-Shape');
    const tensor = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] };
    const name = app.app && ((await app.ask('/v1/models')).json as { models: { name: string }[] });
    const url = `/v2/models/${name.models[0]?.name}`;
    expect((await app.ask(`${url}/infer`, { body: { inputs: [tensor] } })).json).toMatchObject({
      outputs: [{ shape: [1, 2] }],
    });
    expect((await app.ask(url)).json).toMatchObject({ inputs: [{ shape: [-1] }], outputs: [{ shape: [-1] }] });
  });

  it('still takes nothing of another type, or uneven', async () => {
    for (const x of [['a'], [[1], [1, 2]], [1, [2]], null, { shape: [2], data: [1] }]) {
      expect(await infer({ x })).toMatchObject({ status: 400, json: { error: { code: 'bad-input' } } });
    }
  });

  it('is proven, described and shown', async () => {
    expect((await app.ask('/v1/health?warm=true')).json).toMatchObject({ sample: 'ok' });
    const document = (await app.ask('/v1/openapi.json')).json as Record<string, unknown>;
    const checked = await new Validator().validate(document);
    expect([checked.valid, checked.errors]).toEqual([true, undefined]);
    expect(JSON.stringify(document)).toContain('of any shape');
    expect((await app.ask('/')).body).toContain('"shape":null');
  });

  it('fails alone in a batch, and is not stacked', async () => {
    const items = [1, 'a', [2]].map((x) => ({ inputs: { x } }));
    expect((await app.ask('/v1/batch', { body: { items } })).json).toMatchObject({
      stacked: false,
      items: [{ outputs: { y: 1 } }, { error: { code: 'bad-input' } }, { outputs: { y: [2] } }],
    });
  });

  it('is taken where no manifest says whether it is a scalar', async () => {
    const uri = `file://${store.root}/m0/versions/1.0.0/model.onnx`;
    const bare = new TestApp(store.root, { MODEL_URI: uri });
    apps.push(bare);
    for (const x of [1, [1, 2]]) {
      expect(await bare.ask('/v1/infer', { body: { inputs: { x } } })).toMatchObject({ status: 200 });
    }
  });

  it('is not a scalar, which takes one value', async () => {
    const scalar = serve(relu([], []), [], []);
    expect(await scalar.ask('/v1/infer', { body: { inputs: 1 } })).toMatchObject({ json: { outputs: { y: 1 } } });
    expect(await scalar.ask('/v1/infer', { body: { inputs: { x: [1] } } })).toMatchObject({ status: 400 });
  });
});

describe('an output', () => {
  it.each<[string, Shape]>([
    ['of another fixed size', [1, 2]],
    ['with a fixed size of 0', [0, 2]],
    ['of names that the input has otherwise', ['m', 'n']],
    ['of no declared shape', null],
  ])('that is declared %s has the shape that it has', async (_name, output) => {
    const x = [
      [1, 2],
      [3, 4],
      [5, 6],
    ];
    const app = serve(relu(['n', 2], output), ['n', 2], output, { inputs: { x }, outputs: { y: x } });
    expect((await app.ask('/v1/health?warm=true')).json).toMatchObject({ status: 'ok', sample: 'ok' });
    expect(await app.ask('/v1/infer', { body: { inputs: { x } } })).toMatchObject({ json: { outputs: { y: x } } });
    const items = [x, [[7, 8]]].map((inputs) => ({ inputs }));
    expect((await app.ask('/v1/batch', { body: { items } })).json).toMatchObject({
      items: [{ outputs: { y: x } }, { outputs: { y: [[7, 8]] } }],
    });
    const empty = await app.ask('/v1/infer', { body: { inputs: { x: [] } } });
    expect(empty).toMatchObject({ status: 200, json: { outputs: { y: [] } } });
  });
});

describe('an empty tensor', () => {
  it('may be as large as the model fixes it, and no larger', async () => {
    const shape = ['n', 3, 224, 224];
    const app = serve(relu(shape, shape), shape, shape);
    expect(await app.ask('/v1/infer', { body: { inputs: [] } })).toMatchObject({ json: { outputs: { y: [] } } });
    const free = serve(relu(['n', 'm'], ['n', 'm']), ['n', 'm'], ['n', 'm']);
    const huge = { x: { shape: [0, 1e9], data: [] } };
    expect(await free.ask('/v1/infer', { body: { inputs: huge } })).toMatchObject({ status: 400 });
  });
});
