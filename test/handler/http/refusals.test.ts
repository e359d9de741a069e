import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';
import { encodeModel, node, tensor, tensorType, tinyModel, tokenModel, value } from '../../fixtures/onnx.ts';
import { text } from '../../fixtures/protobuf.ts';
import { ModelStore } from '../model/model-store.ts';
import { type Ask, TestApp } from '../test-app.ts';

const store = new ModelStore();
let app: TestApp;
let tokens: TestApp;
beforeAll(() => {
  store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
  store.promote(store.publish('tokens', '1.0.0', { model: tokenModel() }));
  app = new TestApp(store.root, { COLDGATE_MAX_PAYLOAD_KB: '1', COLDGATE_CORS: 'https://app.example' });
  tokens = new TestApp(store.root, { MODEL_NAME: 'tokens' });
});
afterAll(async () => {
  await app.close();
  await tokens.close();
  store.remove();
});

const cases: [string, number, string, string, Ask][] = [
  ['no JSON', 400, 'bad-json', '/v1/infer', { body: '{"inputs":' }],
  ['no UTF-8', 400, 'bad-json', '/v1/infer', { body: new Uint8Array([0x22, 0xff, 0x22]), headers: json() }],
  ['a list', 400, 'bad-json', '/v1/infer', { body: '[1]' }],
  ['nothing', 400, 'bad-json', '/v1/infer', { body: '' }],
  ['an object without inputs', 400, 'bad-input', '/v1/infer', { body: {} }],
  ['unknown fields', 400, 'bad-input', '/v1/infer', { body: { inputs: [[1, 2]], extra: 1 } }],
  ['an unknown input', 400, 'bad-input', '/v1/infer', { body: { inputs: { z: [[1, 2]] } } }],
  ['an input of a prototype', 400, 'bad-input', '/v1/infer', { body: '{"inputs":{"__proto__":[[1,2]]}}' }],
  ['an unknown output', 400, 'bad-input', '/v1/infer', { body: { inputs: [[1, 2]], outputs: ['z'] } }],
  ['a wrong width', 400, 'bad-input', '/v1/infer', { body: { inputs: [[1, 2, 3]] } }],
  ['uneven lists', 400, 'bad-input', '/v1/infer', { body: { inputs: [[1, 2], [3]] } }],
  ['text for a number', 400, 'bad-input', '/v1/infer', { body: { inputs: [['a', 2]] } }],
  [
    'a wrong dtype',
    400,
    'bad-input',
    '/v1/infer',
    { body: { inputs: { x: { dtype: 'int8', shape: [1, 2], data: [1, 2] } } } },
  ],
  ['data too short', 400, 'bad-input', '/v1/infer', { body: { inputs: { x: { shape: [1, 2], data: [1] } } } }],
  [
    'a huge empty tensor',
    400,
    'bad-input',
    '/v1/infer',
    { body: { inputs: { x: { shape: [0, 2], data: [] }, y: 1 } } },
  ],
  ['an unknown path', 404, 'not-found', '/v1/nothing', {}],
  ['an unknown model', 404, 'model-not-served', '/v1/models/other/infer', { body: { inputs: [[1, 2]] } }],
  ['GET on infer', 405, 'method-not-allowed', '/v1/infer', {}],
  ['POST on health', 405, 'method-not-allowed', '/v1/health', { body: {} }],
  ['a body too large', 413, 'payload-too-large', '/v1/infer', { body: ' '.repeat(1025) }],
  [
    'another type',
    415,
    'unsupported-media-type',
    '/v1/infer',
    { body: 'x', headers: { 'content-type': 'text/plain' } },
  ],
  ['no type', 415, 'unsupported-media-type', '/v1/infer', { body: 'x', headers: { 'content-type': '' } }],
  ['bytes for a batch', 415, 'unsupported-media-type', '/v1/batch', { body: new Uint8Array(4) }],
  ['a path that is no URL', 400, 'bad-url', `/${'a'.repeat(9000)}`, {}],
];

function json(): Record<string, string> {
  return { 'content-type': 'application/json' };
}

describe('refusals', () => {
  it.each(cases)('refuses %s with %i %s', async (_what, status, code, url, ask) => {
    const reply = await app.ask(url, ask);
    expect(reply).toMatchObject({ status, json: { error: { code, request_id: reply.headers['x-request-id'] } } });
    expect(app.logged('request').at(-1)).toMatchObject({ status, code });
  });

  it('names the tensor, what was expected and what came', async () => {
    const { json: answer } = await app.ask('/v1/infer', {
      body: { inputs: { x: { shape: [1, 3], data: [1, 2, 3] } } },
    });
    const { message } = (answer as { error: { message: string } }).error;
    for (const part of ['inputs.x.shape', '[batch, 2]', '[1, 3]']) expect(message).toContain(part);
  });

  it('says which methods a path answers', async () => {
    expect((await app.ask('/v1/infer')).headers['allow']).toBe('POST, OPTIONS');
    expect((await app.ask('/v1/health', { method: 'PUT' })).headers['allow']).toBe('GET, HEAD, OPTIONS');
  });

  it('names dimensions of one name that differ where the graph refuses them, and serves them where it does not', async () => {
    const ask = (offset: unknown) => tokens.ask('/v1/infer', { body: { inputs: { ids: [[1, 2]], offset } } });
    const message = 'inputs.offset.shape: expected dimension 1 ("sequence") to be 2 as elsewhere, got 3.';
    expect(await ask([[1, 2, 3]])).toMatchObject({ status: 400, json: { error: { code: 'bad-input', message } } });
    expect(await ask([[1]])).toMatchObject({ status: 200 });
    const items = [[[1, 2, 3]], [[1]]].map((offset) => ({ inputs: { ids: [[1, 2]], offset } }));
    const batch = await tokens.ask('/v1/batch', { body: { items } });
    expect(batch.json).toMatchObject({ items: [{ error: { code: 'bad-input', message } }, { outputs: {} }] });
  });

  it('refuses a huge empty tensor before it is run', async () => {
    const empty = { shape: [0, 1_000_000_000], data: [] };
    const reply = await tokens.ask('/v1/infer', { body: { inputs: { ids: empty, offset: empty } } });
    expect(reply).toMatchObject({ status: 400, json: { error: { code: 'bad-input' } } });
  });

  it('tells values that the graph refuses apart, without the words of the runtime', async () => {
    const inputs = { ids: [[99]], offset: [[0]] };
    const reply = await tokens.ask('/v1/infer', { body: { inputs } });
    expect(reply).toMatchObject({ status: 422, json: { error: { code: 'inference-failed' } } });
    expect(reply.body).toContain('Gather');
    // Not the whole body: a request's id may hold any digits.
    const { error } = reply.json as { error: { message: string } };
    expect(error.message).not.toMatch(/99|onnxruntime|\.cc|bounds/);
    // Both lead to the node.
    expect(error.message).toMatch(/refused its inputs\. It depends on inputs\.ids, inputs\.offset\.$/);
    expect(tokens.logged('request').at(-1)).toMatchObject({
      detail: { operator: 'Gather' },
      inputs: [{ name: 'ids', shape: [1, 1] }, {}],
    });
    expect(tokens.lines.at(-1)).not.toContain('99]');
  });

  it('names the input whose values the graph refuses, by the edges of the graph', async () => {
    const table = tensor('table', 'float32', [2], new Uint8Array(Float32Array.of(1, 2).buffer));
    const dims = { inputs: ['ids', 'others'].map((name): TensorInfo => ({ name, dtype: 'int64', shape: ['n'] })) };
    const model = encodeModel({
      nodes: [
        node('Gather', ['table', 'ids'], ['a'], text(3, 'first')),
        node('Gather', ['table', 'others'], ['b'], text(3, 'second')),
        node('Add', ['a', 'b'], ['y']),
      ],
      initializers: [table],
      inputs: dims.inputs.map(({ name }) => value(name, tensorType('int64', ['n']))),
      outputs: [value('y', tensorType('float32', ['n']))],
    });
    store.promote(store.publish('two', '1.0.0', { model, ...dims }));
    const two = new TestApp(store.root, { MODEL_NAME: 'two' });
    const messageOf = async (inputs: object) =>
      ((await two.ask('/v1/infer', { body: { inputs } })).json as { error: { message: string } }).error.message;
    expect(await messageOf({ ids: [7], others: [0] })).toMatch(/^inputs\.ids: .*\(node first\)\.$/);
    expect(await messageOf({ ids: [0], others: [7] })).toMatch(/^inputs\.others: .*\(node second\)\.$/);
    const items = [{ inputs: { ids: [0], others: [7] } }];
    const message = expect.stringMatching(/^inputs\.others: /);
    expect((await two.ask('/v1/batch', { body: { items } })).json).toMatchObject({ items: [{ error: { message } }] });
    await two.close();
  });

  it('answers browsers of listed origins only', async () => {
    const allowed = await app.ask('/v1/health', { headers: { origin: 'https://app.example' } });
    expect(allowed.headers).toMatchObject({ 'access-control-allow-origin': 'https://app.example', vary: 'origin' });
    const other = await app.ask('/v1/health', { headers: { origin: 'https://evil.example' } });
    expect(other.headers).not.toHaveProperty('access-control-allow-origin');
    const preflight = { method: 'OPTIONS', headers: { origin: 'https://app.example' } };
    const reply = await app.ask('/v1/infer', preflight);
    expect(reply).toMatchObject({ status: 204, body: '' });
    expect(reply.headers['access-control-allow-methods']).toContain('POST');
    const refused = await app.ask('/v1/infer', { ...preflight, headers: { origin: 'null' } });
    expect(refused.headers).not.toHaveProperty('access-control-allow-methods');
  });
});
