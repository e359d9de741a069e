import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeModel, node, tensorType, tinyModel, tinySample, tokenModel, value } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
const floats = (...values: number[]): Uint8Array => new Uint8Array(new Float32Array(values).buffer);

/** y = x for one dtype: what goes in must come out. */
const identity = (dtype: Parameters<typeof tensorType>[0], shape: (number | string)[]): Buffer =>
  encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', tensorType(dtype, shape))],
    outputs: [value('y', tensorType(dtype, shape))],
  });

const dtypes = [
  ['float32', [0.5, -1.25, 'NaN', 'Infinity', '-Infinity']],
  ['float64', [0.1, -1e300, 'NaN']],
  ['float16', [0.5, -65504, 'NaN']],
  ['int8', [-128, 127]],
  ['int16', [-32768, 32767]],
  ['int32', [-2147483648, 2147483647]],
  ['int64', ['9223372036854775807', '-9223372036854775808', 7]],
  ['uint8', [0, 255]],
  ['uint16', [0, 65535]],
  ['uint32', [0, 4294967295]],
  ['uint64', ['18446744073709551615', 0]],
  ['bool', [true, false]],
  ['string', ['a', 'ü€', '']],
] as const;

let tiny: TestApp;
let tokens: TestApp;
beforeAll(() => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
  store.promote(store.publish('tokens', '2.0.0', { model: tokenModel() }));
  for (const [dtype] of dtypes) store.promote(store.publish(`id-${dtype}`, '1.0.0', { model: identity(dtype, ['n']) }));
  store.promote(store.publish('scalar', '1.0.0', { model: identity('float32', []) }));
  store.promote(store.publish('wide', '1.0.0', { model: identity('float32', ['a', 'b']) }));
  tiny = new TestApp(store.root);
  tokens = new TestApp(store.root, { MODEL_NAME: 'tokens' });
});
afterAll(async () => {
  await tiny.close();
  await tokens.close();
  store.remove();
});

const asking = async (
  name: string,
  body: Uint8Array | object,
  headers = {},
  query = '',
): ReturnType<TestApp['ask']> => {
  const app = new TestApp(store.root, { MODEL_NAME: name });
  const reply = await app.ask(`/v1/infer${query}`, { body, headers });
  await app.close();
  return reply;
};

describe('POST /v1/infer', () => {
  it('takes bare nested lists and answers nested lists with who answered', async () => {
    const { status, json, headers } = await tiny.ask('/v1/infer', { body: { inputs: [[1, 2]] } });
    expect(status).toBe(200);
    expect(json).toMatchObject({ outputs: { y: [[5.5, 1]] }, model: { name: 'tiny', version: '1.0.0' } });
    expect(headers).toMatchObject({ 'x-coldgate-version': '1.0.0' });
    expect(headers['x-coldgate-sha256']).toMatch(/^[0-9a-f]{64}$/);
    expect(headers['server-timing']).toMatch(/run;dur=[\d.]+, total;dur=[\d.]+$/);
  });

  it('takes named nested lists and flat tensors, and answers in their form', async () => {
    const nested = await tiny.ask('/v1/infer', { body: { inputs: { x: [[1, 2]] } } });
    expect(nested.json).toMatchObject({ outputs: { y: [[5.5, 1]] } });
    const flat = await tiny.ask('/v1/infer', { body: { inputs: { x: { shape: [1, 2], data: [1, 2] } } } });
    expect(flat.json).toMatchObject({ outputs: { y: { shape: [1, 2], dtype: 'float32', data: [5.5, 1] } } });
  });

  it('takes several inputs and a choice of outputs', async () => {
    const inputs = { ids: [[1, 2]], offset: [[0, 1]] };
    const { json } = await tokens.ask('/v1/infer', { body: { inputs, outputs: ['y'] } });
    expect(json).toMatchObject({
      outputs: {
        y: [
          [
            [1, 1.25, 1.5, 1.75],
            [3, 3.25, 3.5, 3.75],
          ],
        ],
      },
    });
  });

  it.each(dtypes)('brings %s through unchanged, also flat and empty', async (dtype, data) => {
    const name = `id-${dtype}`;
    expect((await asking(name, { inputs: [...data] })).json).toMatchObject({ outputs: { y: data } });
    const flat = { inputs: { x: { shape: [data.length], dtype, data } } };
    expect((await asking(name, flat)).json).toMatchObject({ outputs: { y: { dtype, data } } });
    expect((await asking(name, { inputs: { x: [] } })).json).toMatchObject({ outputs: { y: [] } });
  });

  it('takes a scalar', async () => {
    expect((await asking('scalar', { inputs: { x: 2.5 } })).json).toMatchObject({ outputs: { y: 2.5 } });
    expect((await asking('scalar', { inputs: 2.5 })).json).toMatchObject({ outputs: { y: 2.5 } });
  });

  it('takes bytes and answers bytes, with the shape deduced or stated', async () => {
    const deduced = await tiny.ask('/v1/infer', { body: floats(1, 2, 3, 4) });
    expect(deduced.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-tensor-name': 'y',
      'x-tensor-dtype': 'float32',
      'x-tensor-shape': '2,2',
    });
    expect(Buffer.from(deduced.body as Uint8Array)).toEqual(Buffer.from(floats(5.5, 1, 11.5, 1)));
    const stated = await tiny.ask('/v1/infer', { body: floats(1, 2), headers: { 'x-tensor-shape': '1,2' } });
    expect(Buffer.from(stated.body as Uint8Array)).toEqual(Buffer.from(floats(5.5, 1)));
  });

  it('answers in the form that Accept names', async () => {
    const json = await tiny.ask('/v1/infer', { body: floats(1, 2), headers: { accept: 'application/json' } });
    expect(json.json).toMatchObject({ outputs: { y: { shape: [1, 2], data: [5.5, 1] } } });
    const bytes = await tiny.ask('/v1/infer', {
      body: { inputs: [[1, 2]] },
      headers: { accept: 'application/octet-stream' },
    });
    expect(Buffer.from(bytes.body as Uint8Array)).toEqual(Buffer.from(floats(5.5, 1)));
  });

  it.each([
    ['bytes that are no whole elements', 'tiny', floats(1, 2).subarray(0, 7), {}],
    ['a number of elements that no batch has', 'tiny', floats(1, 2, 3), {}],
    ['a shape of other size', 'tiny', floats(1, 2), { 'x-tensor-shape': '2,2' }],
    ['a shape of other rank', 'tiny', floats(1, 2), { 'x-tensor-shape': '2' }],
    ['a shape header that is none', 'tiny', floats(1, 2), { 'x-tensor-shape': 'one,2' }],
    ['two free dimensions without a header', 'wide', floats(1, 2), {}],
    ['bytes for text', 'id-string', floats(1), {}],
    ['bytes other than 0 and 1 for bool', 'id-bool', new Uint8Array([0, 2]), {}],
  ])('refuses %s', async (_what, name, body, headers) => {
    expect(await asking(name, body, headers)).toMatchObject({ status: 400, json: { error: { code: 'bad-input' } } });
  });

  it('refuses bytes for a model of several inputs, and bytes of text outputs', async () => {
    const reply = await tokens.ask('/v1/infer', { body: floats(1) });
    expect(reply).toMatchObject({ status: 415, json: { error: { code: 'binary-needs-one-input' } } });
    const headers = { accept: 'application/octet-stream' };
    const text = await asking('id-string', { inputs: ['a'] }, headers);
    expect(text).toMatchObject({ status: 400, json: { error: { code: 'binary-needs-one-output' } } });
    const unknown = await asking('scalar', { inputs: 1 }, headers, '?output=z');
    expect(unknown).toMatchObject({ status: 400, json: { error: { code: 'bad-input' } } });
  });
});
