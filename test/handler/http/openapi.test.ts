import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, describe, expect, it } from 'vitest';
import { describeApi } from '../../../src/handler/http/openapi/document.ts';
import { routes } from '../../../src/handler/http/routes.ts';
import type { Dtype } from '../../../src/model/tensor-info.ts';
import { tinyModel, tokenModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
afterAll(() => store.remove());

interface Document {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, unknown> };
}

/** Every `$ref` in a document. */
const refsIn = (value: unknown): string[] =>
  typeof value !== 'object' || value === null
    ? []
    : Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [inner as string] : refsIn(inner)));

describe('GET /v1/openapi.json', () => {
  it('describes the model that is served, with every reference resolved', async () => {
    store.promote(store.publish('tiny', '1.2.3', { model: tinyModel() }));
    const app = new TestApp(store.root);
    const document = (await app.ask('/v1/openapi.json')).json as Document;
    await app.close();
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'tiny', version: '1.2.3' } });
    for (const ref of refsIn(document)) {
      expect(Object.keys(document.components.schemas)).toContain(ref.replace('#/components/schemas/', ''));
    }
    const x = { type: 'array', items: { type: 'array', minItems: 2, maxItems: 2 }, description: 'batch' };
    expect(document.components.schemas['InferRequest']).toMatchObject({
      properties: { inputs: { anyOf: [{ required: ['x'], properties: { x: { anyOf: [x, {}] } } }, x] } },
    });
  });

  it.each([
    ['tiny', tinyModel()],
    ['tokens', tokenModel()],
  ])('is a valid OpenAPI document for %s', async (name, model) => {
    store.promote(store.publish(name, '2.0.0', { model }));
    const app = new TestApp(store.root, { MODEL_NAME: name });
    const document = (await app.ask('/v1/openapi.json')).json as Record<string, unknown>;
    await app.close();
    const checked = await new Validator().validate(document);
    expect([checked.valid, checked.errors]).toEqual([true, undefined]);
  });

  it('names every path of the model that the function answers, and no other', async () => {
    const task = { types: [], schemas: { request: {}, prediction: {} } };
    const { paths } = describeApi(
      { name: 'm', version: '1.0.0', inputs: [], outputs: [], queue: true, task },
      '/v1',
    ) as unknown as Document;
    const answered = routes.filter(({ pattern }) => /^\/v1\/(?!models)/.test(pattern));
    expect(Object.keys(paths).sort()).toEqual(answered.map(({ pattern }) => pattern).sort());
    for (const { pattern, method } of answered) expect(paths[pattern]).toHaveProperty(method.toLowerCase());
  });

  it('speaks of the paths under which a shared function serves the model', async () => {
    store.promote(store.publish('tokens', '1.0.0', { model: tokenModel() }));
    const app = new TestApp(store.root, { COLDGATE_MODELS: 'tokens' });
    const document = (await app.ask('/v1/models/tokens/openapi.json')).json as Document;
    await app.close();
    expect(Object.keys(document.paths)).toContain('/v1/models/tokens/infer');
    expect(JSON.stringify(document.components.schemas['InferRequest'])).toContain('"required":["ids","offset"]');
    expect(JSON.stringify(document.paths)).toContain('octet-stream');
  });

  const ranges: [Dtype, object][] = [
    ['int8', { type: 'integer', minimum: -128, maximum: 127 }],
    ['uint16', { type: 'integer', minimum: 0, maximum: 65_535 }],
    ['uint32', { type: 'integer', minimum: 0, maximum: 4_294_967_295 }],
    ['bool', { type: 'boolean' }],
    ['string', { type: 'string' }],
    ['float16', { oneOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] }],
    ['int64', { oneOf: [{ type: 'integer', maximum: 2 ** 53 - 1 }, { type: 'string' }] }],
  ];
  it.each(ranges)('says what an element of %s may be', (dtype, schema) => {
    const x = { name: 'x', dtype, shape: [2, ''] };
    const { components } = describeApi(
      { name: 'm', version: '1.0.0', inputs: [x], outputs: [x] },
      '/v1',
    ) as unknown as Document;
    // What an output declares is advice.
    const nested = { type: 'array', description: '2 as declared', items: { type: 'array', items: schema } };
    expect(components.schemas['InferResponse']).toMatchObject({
      properties: { outputs: { properties: { x: { anyOf: [nested, {}] } } } },
    });
  });
});
