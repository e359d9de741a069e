import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dtype } from '../../../src/model/tensor-info.ts';
import { encodeModel, node, tensorType, tinyModel, tinySample, tokenModel, value } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { type Ask, TestApp } from '../test-app.ts';

interface Content {
  schema?: object;
}
interface Operation {
  requestBody?: { content: Record<string, Content> };
  responses: Record<string, { content: Record<string, Content>; headers?: Record<string, unknown> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

const identity = (dtype: Dtype, shape: (number | string)[]): Buffer =>
  encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', tensorType(dtype, shape))],
    outputs: [value('y', tensorType(dtype, shape))],
  });

/** Inputs by model, all of which it answers. */
const models: Record<string, { model: Buffer; good: unknown[] }> = {
  tiny: { model: tinyModel(), good: [[[1, 2]], { x: [[1, 2]] }, { x: { shape: [1, 2], data: [1, 2] } }] },
  tokens: { model: tokenModel(), good: [{ ids: [[1, 2]], offset: { shape: [1, 2], dtype: 'int64', data: [0, '1'] } }] },
  scalar: { model: identity('float64', []), good: [1.5, { x: 'NaN' }] },
  fixed: { model: identity('float32', [1, 2]), good: [[[1, 'Infinity']]] },
  half: { model: identity('float16', ['n', '']), good: [[[0.5, 'NaN']]] },
  int8: { model: identity('int8', ['n']), good: [[-128, 127]] },
  int64: { model: identity('int64', ['n']), good: [['9223372036854775807', -1]] },
  uint64: { model: identity('uint64', ['n']), good: [['18446744073709551615', 1]] },
  bool: { model: identity('bool', ['n']), good: [[true, false, 0, 1]] },
  text: { model: identity('string', ['n']), good: [['a', 'ü']] },
};

const store = new ModelStore();
let app: TestApp;
beforeAll(() => {
  for (const [name, { model }] of Object.entries(models)) {
    store.promote(store.publish(name, '1.0.0', { model, ...(name === 'tiny' && { sample: tinySample }) }));
  }
  app = new TestApp(store.root, { COLDGATE_MODELS: [...Object.keys(models), 'absent'].join(',') });
});
afterAll(async () => {
  await app.close();
  store.remove();
});

/** A document with a validator for each of its schemas, whose references it resolves. */
async function read(url: string): Promise<{ document: Document; schemaAt: (path: string[]) => ValidateFunction }> {
  const document = (await app.ask(url)).json as Document;
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajv.addSchema(document, 'api');
  const pointer = (part: string): string => part.replaceAll('~', '~0').replaceAll('/', '~1');
  return {
    document,
    schemaAt: (path) => ajv.compile({ $ref: `api#/${path.map((p) => encodeURI(pointer(p))).join('/')}` }),
  };
}

const media = 'application/json';
/** What is wrong with an answer of the live function, by the document; an undocumented status is. */
async function faultsOf(api: Awaited<ReturnType<typeof read>>, path: string, ask: Ask = {}): Promise<unknown[]> {
  const [url] = path.split('?') as [string];
  const method = ask.body === undefined ? 'get' : 'post';
  const reply = await app.ask(path, ask);
  const answer = api.document.paths[url]?.[method]?.responses[reply.status];
  if (!answer) return [`no ${method} ${url} ${reply.status}`];
  const undocumented = Object.keys(answer.headers ?? {}).filter((name) => !(name in reply.headers));
  if (undocumented.length > 0) return [`no header ${undocumented.join(', ')}`];
  const [type] = reply.headers['content-type']!.split(';') as [string];
  if (!answer.content[type]) return [`no ${type} of ${method} ${url} ${reply.status}`];
  if (type !== media) return [];
  const validate = api.schemaAt(['paths', url, method, 'responses', String(reply.status), 'content', media, 'schema']);
  return validate(reply.json) ? [] : [{ answer: reply.json, errors: validate.errors }];
}

describe.each(Object.entries(models))('the OpenAPI document of %s', (name, { good }) => {
  const prefix = `/v1/models/${name}`;
  const infer = `${prefix}/infer`;

  it('is valid', async () => {
    const { document } = await read(`${prefix}/openapi.json`);
    const checked = await new Validator().validate(document as unknown as Record<string, unknown>);
    expect([checked.valid, checked.errors]).toEqual([true, undefined]);
  });

  it('is what the function takes and answers', async () => {
    const api = await read(`${prefix}/openapi.json`);
    const takes = api.schemaAt(['paths', infer, 'post', 'requestBody', 'content', media, 'schema']);
    const takesBatch = api.schemaAt(['paths', `${prefix}/batch`, 'post', 'requestBody', 'content', media, 'schema']);
    for (const inputs of good) {
      expect([takes({ inputs }), takes.errors]).toEqual([true, null]);
      expect((await app.ask(infer, { body: { inputs } })).status).toBe(200);
      expect(await faultsOf(api, infer, { body: { inputs } })).toEqual([]);
      expect(await faultsOf(api, infer, { body: { inputs, outputs: ['y'] } })).toEqual([]);
      const body = { items: [{ inputs }, { inputs }, { inputs: null }] };
      expect(takesBatch({ items: [{ inputs }] })).toBe(true);
      expect(await faultsOf(api, `${prefix}/batch`, { body })).toEqual([]);
    }
    for (const path of ['health', 'health?warm=true', 'openapi.json']) {
      expect(await faultsOf(api, `${prefix}/${path}`)).toEqual([]);
    }
  });

  it('knows how bodies are refused', async () => {
    const api = await read(`${prefix}/openapi.json`);
    const takes = api.schemaAt(['paths', infer, 'post', 'requestBody', 'content', media, 'schema']);
    for (const body of [{ inputs: null }, {}, { inputs: { other: [1] } }, { inputs: good[0], more: 1 }]) {
      expect([body, takes(body)]).toEqual([body, false]);
      expect((await app.ask(infer, { body })).status).toBe(400);
      expect(await faultsOf(api, infer, { body })).toEqual([]);
    }
    const csv = { headers: { 'content-type': 'text/csv' }, body: '1' };
    for (const path of [infer, `${prefix}/batch`]) expect(await faultsOf(api, path, csv)).toEqual([]);
    const large = { body: ' '.repeat(6_000_000) };
    expect((await app.ask(infer, large)).status).toBe(413);
    expect(await faultsOf(api, infer, large)).toEqual([]);
  });
});

describe('the OpenAPI document', () => {
  it('covers bytes in and out, values that the graph refuses, and the plain paths', async () => {
    const api = await read('/v1/openapi.json');
    const bytes = new Uint8Array(new Float32Array([1, 2]).buffer);
    expect((await app.ask('/v1/infer', { body: bytes })).headers['content-type']).toBe('application/octet-stream');
    expect(await faultsOf(api, '/v1/infer', { body: bytes })).toEqual([]);
    expect(await faultsOf(api, '/v1/health?warm=true')).toEqual([]);
    const tokens = await read('/v1/models/tokens/openapi.json');
    const refused = { body: { inputs: { ids: [[99]], offset: [[0]] } } };
    expect((await app.ask('/v1/models/tokens/infer', refused)).status).toBe(422);
    expect(await faultsOf(tokens, '/v1/models/tokens/infer', refused)).toEqual([]);
  });

  it('says what a model that cannot be loaded is answered with, though it has no document itself', async () => {
    expect(await app.ask('/v1/models/absent/openapi.json')).toMatchObject({ status: 503 });
    const api = await read('/v1/openapi.json');
    const reply = await app.ask('/v1/models/absent/infer', { body: { inputs: [1] } });
    const described = api.document.paths['/v1/infer']!['post']!.responses['503']!;
    expect(Object.keys(described.headers ?? {})).toEqual(['x-request-id', 'retry-after']);
    for (const name of Object.keys(described.headers ?? {})) expect(reply.headers).toHaveProperty(name);
    expect(api.schemaAt(['components', 'schemas', 'Error'])(reply.json)).toBe(true);
  });

  it('would show what it does not describe', async () => {
    const api = await read('/v1/openapi.json');
    const answer = api.schemaAt(['components', 'schemas', 'InferResponse']);
    const model = { name: 'tiny', version: '1.0.0', sha256: 'a'.repeat(64) };
    expect(answer({ outputs: { y: [[1, 2]] }, model })).toBe(true);
    for (const outputs of [
      { y: [[1, true, 3]] },
      { y: [1, 2] },
      { y: [['a', 2]] },
      { z: [[1, 2]] },
      { y: { shape: [1] } },
    ]) {
      expect([outputs, answer({ outputs, model })]).toEqual([outputs, false]);
    }
  });
});
