import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeModel, node, tensorType, tinyModel, tokenModel, value } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { type Reply, TestApp } from '../test-app.ts';

const store = new ModelStore();
let app: TestApp;
beforeAll(() => {
  const type = tensorType('string', ['n']);
  const text = encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', type)],
    outputs: [value('y', type)],
  });
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  store.promote(store.publish('tokens', '2.0.0', { model: tokenModel() }));
  store.promote(store.publish('text', '3.0.0', { model: text }));
  app = new TestApp(store.root, { COLDGATE_MODELS: 'tokens,text' });
});
afterAll(async () => {
  await app.close();
  store.remove();
});

const x = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] };
const floats = (...values: number[]): Buffer => Buffer.from(new Float32Array(values).buffer);
const infer = (body: object, name = 'tiny'): Promise<Reply> => app.ask(`/v2/models/${name}/infer`, { body });
const binary = (json: object, tail: Uint8Array, name = 'tiny', length?: string): Promise<Reply> => {
  const head = Buffer.from(JSON.stringify(json));
  const headers = { 'inference-header-content-length': length ?? String(head.byteLength) };
  return app.ask(`/v2/models/${name}/infer`, { body: Buffer.concat([head, tail]), headers });
};

describe('the Open Inference Protocol', () => {
  it('says that it lives, is ready and what it serves', async () => {
    expect((await app.ask('/v2')).json).toMatchObject({
      name: 'coldgate',
      extensions: ['binary_tensor_data'],
    });
    expect((await app.ask('/v2/health/live')).json).toEqual({ live: true });
    expect((await app.ask('/v2/health/ready')).json).toEqual({ ready: true });
    expect((await app.ask('/v2/models/tokens/versions/2.0.0/ready')).json).toEqual({ name: 'tokens', ready: true });
    expect((await app.ask('/v2/models/tokens')).json).toEqual({
      name: 'tokens',
      versions: ['2.0.0'],
      platform: 'onnxruntime_onnx',
      inputs: ['ids', 'offset'].map((name) => ({ name, datatype: 'INT64', shape: [-1, -1] })),
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, -1, 4] }],
    });
  });

  it('infers from JSON, flat or nested, with the id given back', async () => {
    const y = { name: 'y', shape: [1, 2], datatype: 'FP32', data: [5.5, 1] };
    const answer = { model_name: 'tiny', model_version: '1.0.0', outputs: [y] };
    expect((await infer({ id: 'a', inputs: [x] })).json).toEqual({ ...answer, id: 'a' });
    expect((await infer({ inputs: [{ ...x, data: [[1, 2]] }], outputs: [{ name: 'y' }] })).json).toEqual(answer);
    expect((await app.ask('/v2/models/tiny/versions/1.0.0/infer', { body: { inputs: [x] } })).json).toEqual(answer);
  });

  it('takes and gives tensors as bytes behind the JSON', async () => {
    const { data: _, ...head } = x;
    const inputs = [{ ...head, parameters: { binary_data_size: 8 } }];
    expect((await binary({ inputs }, floats(1, 2))).json).toMatchObject({ outputs: [{ data: [5.5, 1] }] });
    for (const requests of [
      { parameters: { binary_data_output: true } },
      { outputs: [{ name: 'y', parameters: { binary_data: true } }] },
    ]) {
      const reply = await binary({ inputs, ...requests }, floats(1, 2));
      const length = Number(reply.headers['inference-header-content-length']);
      const bytes = reply.body as Buffer;
      expect(JSON.parse(bytes.subarray(0, length).toString())).toMatchObject({
        outputs: [{ parameters: { binary_data_size: 8 } }],
      });
      expect(bytes.subarray(length)).toEqual(floats(5.5, 1));
    }
  });

  it('takes and gives text both ways', async () => {
    const input = { name: 'x', shape: [2], datatype: 'BYTES' };
    expect((await infer({ inputs: [{ ...input, data: ['a', 'ü'] }] }, 'text')).json).toMatchObject({
      outputs: [{ datatype: 'BYTES', data: ['a', 'ü'] }],
    });
    const bytes = Buffer.from([1, 0, 0, 0, 0x61, 2, 0, 0, 0, 0xc3, 0xbc]);
    const json = {
      inputs: [{ ...input, parameters: { binary_data_size: 11 } }],
      parameters: { binary_data_output: true },
    };
    const reply = await binary(json, bytes, 'text');
    expect((reply.body as Buffer).subarray(-11)).toEqual(bytes);
  });

  const ids = { name: 'ids', shape: [1, 1], datatype: 'INT64', data: [1] };
  it.each([
    ['no inputs', {}, 'tiny'],
    ['inputs by name', { inputs: { x } }, 'tiny'],
    ['an unknown input', { inputs: [{ ...x, name: 'z' }] }, 'tiny'],
    ['an input twice', { inputs: [x, x] }, 'tiny'],
    ['a missing input', { inputs: [ids] }, 'tokens'],
    ['another datatype', { inputs: [{ ...x, datatype: 'FP64' }] }, 'tiny'],
    ['another shape', { inputs: [{ ...x, shape: [2] }] }, 'tiny'],
    ['no shape', { inputs: [{ ...x, shape: undefined }] }, 'tiny'],
    ['too little data', { inputs: [{ ...x, data: [1] }] }, 'tiny'],
    ['data nested without end', { inputs: [{ ...x, data: JSON.parse('['.repeat(40) + ']'.repeat(40)) }] }, 'tiny'],
    ['an unknown output', { inputs: [x], outputs: [{ name: 'z' }] }, 'tiny'],
    ['an id that is no text', { id: 7, inputs: [x] }, 'tiny'],
    ['bytes that are not there', { inputs: [{ ...x, parameters: { binary_data_size: 8 } }] }, 'tiny'],
    ['a classification', { inputs: [x], outputs: [{ name: 'y', parameters: { classification: 1 } }] }, 'tiny'],
  ])('refuses %s', async (_what, body, name) => {
    const { status, json } = await infer(body, name);
    expect([status, json]).toMatchObject([400, { error: expect.any(String), code: expect.any(String) }]);
  });

  it('refuses bytes that do not add up', async () => {
    const { data: _, ...head } = x;
    const inputs = (size: unknown) => ({ inputs: [{ ...head, parameters: { binary_data_size: size } }] });
    for (const [json, tail, length] of [
      [inputs(8), floats(1, 2, 3), undefined],
      [inputs(12), floats(1, 2), undefined],
      [inputs(-8), floats(1, 2), undefined],
      [inputs(8), floats(1, 2), '99999'],
      [inputs(8), floats(1, 2), 'x'],
    ] as const) {
      expect(await binary(json, tail, 'tiny', length)).toMatchObject({ status: 400 });
    }
    const text = { inputs: [{ name: 'x', shape: [1], datatype: 'BYTES', parameters: { binary_data_size: 5 } }] };
    for (const bytes of [
      [9, 0, 0, 0, 0x61],
      [1, 0, 0, 0, 0xff],
    ]) {
      expect(await binary(text, Buffer.from(bytes), 'text')).toMatchObject({ status: 400 });
    }
  });

  it('has no extension of Triton but binary tensors and the index, and says so as its clients read it', async () => {
    for (const path of ['/v2/models/tiny/config', '/v2/models/tiny/versions/1.0.0/stats', '/v2/models/stats']) {
      const { status, json } = await app.ask(path);
      expect([path, status, typeof (json as { error: unknown }).error]).toEqual([path, 404, 'string']);
    }
  });

  it('lists its models, and loads none for that', async () => {
    const other = new TestApp(store.root, { COLDGATE_MODELS: 'tokens' });
    const index = (body: object | string) => other.ask('/v2/repository/index', { method: 'POST', body });
    expect((await index('')).json).toMatchObject([{ name: 'tiny', state: 'UNAVAILABLE' }, { name: 'tokens' }]);
    await other.ask('/v2/models/tokens');
    expect((await index({ ready: true })).json).toEqual([
      { name: 'tokens', version: '2.0.0', state: 'READY', reason: '' },
    ]);
    await other.close();
  });

  it('does not know other models and versions', async () => {
    for (const path of ['/v2/models/other', '/v2/models/tiny/versions/9.9.9', '/v2/models/tiny/versions/9.9.9/ready']) {
      expect(await app.ask(path)).toMatchObject({ status: 404, json: { error: expect.any(String) } });
    }
  });

  it('is not ready while a model cannot be loaded', async () => {
    const other = new TestApp(store.root, { COLDGATE_MODELS: 'missing' });
    expect(await other.ask('/v2/health/ready')).toMatchObject({ status: 503, json: { code: 'model-not-found' } });
    await other.close();
  });
});
