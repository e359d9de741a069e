import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { int, message, text } from '../../fixtures/protobuf.ts';
import { ModelStore } from '../model/model-store.ts';
import { type Ask, type Reply, TestApp } from '../test-app.ts';

const store = new ModelStore();
let app: TestApp;
beforeAll(() => {
  const floats = tensorType('float32', ['n']);
  const words = tensorType('string', ['n']);
  const two = encodeModel({
    nodes: [node('Identity', ['x'], ['y']), node('Neg', ['x'], ['z'])],
    inputs: [value('x', floats)],
    outputs: [value('y', floats), value('z', floats)],
  });
  const mixed = encodeModel({
    nodes: [
      node('Identity', ['x'], ['y']),
      node('Cast', ['x'], ['words'], message(5, text(1, 'to'), int(3, 8), int(20, 2))),
    ],
    inputs: [value('x', floats)],
    outputs: [value('y', floats), value('words', words)],
  });
  store.promote(store.publish('tiny', '1.0.0', { model: two }));
  store.promote(store.publish('mixed', '1.0.0', { model: mixed }));
  app = new TestApp(store.root, { COLDGATE_MODELS: 'mixed' });
});
afterAll(async () => {
  await app.close();
  store.remove();
});

const bytes = new Uint8Array(new Float32Array([1, 2]).buffer);
const octets = { accept: 'application/octet-stream' };
const asks: [string, Ask][] = [
  ['a bare list', { body: { inputs: [1, 2] } }],
  ['tensors by name', { body: { inputs: { x: { shape: [2], dtype: 'float32', data: [1, 2] } } } }],
  ['bytes, JSON back', { body: bytes, headers: { accept: 'application/json' } }],
];
const outputsOf = ({ json }: Reply): string[] => Object.keys((json as { outputs: object }).outputs);

describe('?output=', () => {
  it.each(asks)('chooses for %s', async (_what, ask) => {
    expect(outputsOf(await app.ask('/v1/infer?output=z', ask))).toEqual(['z']);
    expect(outputsOf(await app.ask('/v1/infer?output=y&output=z', ask))).toEqual(['y', 'z']);
    expect(outputsOf(await app.ask('/v1/infer', ask))).toEqual(['y', 'z']);
    expect(outputsOf(await app.ask('/v1/models/tiny/infer?output=z', ask))).toEqual(['z']);
  });

  it.each([...asks, ['bytes', { body: bytes }], ['JSON, bytes back', { body: { inputs: [1] }, headers: octets }]] as [
    string,
    Ask,
  ][])('is refused for %s where there is no such output', async (_what, ask) => {
    for (const query of ['output=nope', 'output=', 'output=y&output=nope']) {
      const reply = await app.ask(`/v1/infer?${query}`, ask);
      expect(reply).toMatchObject({ status: 400, json: { error: { code: 'bad-input' } } });
      expect(reply.body).toContain('one of y, z');
    }
  });

  it.each([
    ['bytes', { body: bytes }],
    ['JSON', { body: { inputs: [1, 2] }, headers: octets }],
  ] as [string, Ask][])('makes the answer to %s the bytes of one output', async (_what, ask) => {
    const { status, headers, body } = await app.ask('/v1/infer?output=z', ask);
    expect([status, headers['x-tensor-name']]).toEqual([200, 'z']);
    expect([...new Float32Array(new Uint8Array(body as Uint8Array).buffer)]).toEqual([-1, -2]);
  });

  it('chooses among those that the body names', async () => {
    const ask = { body: { inputs: [1, 2], outputs: ['y'] } };
    expect(outputsOf(await app.ask('/v1/infer?output=y', ask))).toEqual(['y']);
    expect((await app.ask('/v1/infer?output=z', ask)).status).toBe(400);
  });

  it('chooses for each item of a batch', async () => {
    const body = { items: [{ inputs: [1] }, { inputs: [2, 3] }, { inputs: [2], outputs: ['y'] }] };
    const { json } = await app.ask('/v1/batch?output=z', { body });
    const code = 'bad-input';
    expect(json).toMatchObject({
      items: [{ outputs: { z: [-1] } }, { outputs: { z: [-2, -3] } }, { error: { code } }],
    });
    expect((json as { items: { outputs: object }[] }).items[0]!.outputs).not.toHaveProperty('y');
    expect(await app.ask('/v1/batch?output=nope', { body })).toMatchObject({ status: 400, json: { error: { code } } });
  });

  it('chooses below /v2 too, among those that the request names', async () => {
    const inputs = [{ name: 'x', shape: [2], datatype: 'FP32', data: [1, 2] }];
    const ask = async (query: string, outputs?: { name: string }[]) => {
      const { status, json } = await app.ask(`/v2/models/tiny/infer?${query}`, { body: { inputs, outputs } });
      return [status, (json as { outputs?: { name: string }[] }).outputs?.map(({ name }) => name)];
    };
    expect(await ask('output=z')).toEqual([200, ['z']]);
    expect(await ask('', [{ name: 'y' }])).toEqual([200, ['y']]);
    expect(await ask('output=nope')).toEqual([400, undefined]);
    expect(await ask('output=z', [{ name: 'y' }])).toEqual([400, undefined]);
  });

  it('answers text as JSON, and refuses to make bytes of it', async () => {
    const reply = await app.ask('/v1/models/mixed/infer?output=words', { body: bytes });
    expect([reply.status, outputsOf(reply)]).toEqual([200, ['words']]);
    const refused = await app.ask('/v1/models/mixed/infer?output=words', { body: bytes, headers: octets });
    expect(refused).toMatchObject({ status: 400, json: { error: { code: 'binary-needs-one-output' } } });
  });
});
