import { describe, expect, it } from 'vitest';
import { describeApi } from '../../../src/handler/http/openapi/document.ts';
import { routes } from '../../../src/handler/http/routes.ts';
import { apimDocument } from '../../../src/targets/azure-functions/apim-document.ts';
import { importDocument, operationsOf } from '../../azure/apim/document.ts';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';

const document = apimDocument({ title: 'digits-production', description: 'Made by Coldgate.' });
const model = {
  name: 'digits',
  version: '1.0.0',
  inputs: [{ name: 'pixels', dtype: 'float32' as const, shape: ['N', 64] }],
  outputs: [{ name: 'label', dtype: 'int64' as const, shape: ['N'] }],
  queue: true,
};

describe('the OpenAPI document that API Management imports', () => {
  it('is valid OpenAPI 3.0.3, and all of it is what the import takes', async () => {
    const { operations, problems } = await importDocument(JSON.stringify(document));
    expect(problems).toEqual([]);
    expect(document['openapi']).toBe('3.0.3');
    expect(operations).toContainEqual({ name: 'get_v1_openapi_json', method: 'GET', urlTemplate: '/v1/openapi.json' });
  });

  it('has all paths and methods that the handler answers', () => {
    const requests = operationsOf(document).map(({ path, verb }) => `${verb.toUpperCase()} ${path}`);
    expect(requests.sort()).toEqual(
      routes.map(({ method, pattern }) => `${method} ${pattern.replace(':predict', '')}`).sort(),
    );
  });

  it.each(['/v1', '/v1/models/{name}'])('says of %s what the handler’s own document does, but for shapes', (prefix) => {
    const own = new Map(operationsOf(document).map((one) => [`${one.verb} ${one.path}`, one]));
    for (const { path, verb, operation, parameters } of operationsOf(describeApi(model, prefix))) {
      const found = own.get(`${verb} ${path}`);
      const names = (all: readonly Fields[] = []) => all.map((one) => `${String(one['in'])} ${String(one['name'])}`);
      const types = (body: unknown) => Object.keys(fieldsOf(fieldsOf(body)['content'])).sort();
      expect(names(found?.parameters)).toEqual(expect.arrayContaining(names(parameters)));
      expect(types(found?.operation['requestBody'])).toEqual(types(operation['requestBody']));
      const responses = fieldsOf(operation['responses']);
      expect(Object.keys(fieldsOf(found?.operation['responses'])).sort()).toEqual(Object.keys(responses).sort());
    }
  });

  it('is the same for every version of a model', () => {
    expect(JSON.stringify(document)).not.toMatch(/1\.0\.0|pixels/);
  });
});

/** The import is only worth something if it finds faults. */
describe('what API Management does not import', () => {
  const pathOf = (one: Fields, path: string) => fieldsOf(fieldsOf(one['paths'])[path]);
  const broken: [string, (one: Fields) => void, string][] = [
    ['another version', (one) => (one['openapi'] = '3.1.0'), 'is not supported'],
    ['no document', (one) => delete one['info'], 'is no OpenAPI document'],
    ['a reference elsewhere', (one) => (schemasOf(one)['Page'] = { $ref: 'page.json' }), 'another file'],
    ['a reference to nothing', (one) => (schemasOf(one)['Page'] = { $ref: '#/components/schemas/X' }), 'nothing'],
    [
      'recursion',
      (one) => (schemasOf(one)['Page'] = { type: 'array', items: { $ref: '#/components/schemas/Page' } }),
      'is recursive',
    ],
    ['an id twice', (one) => (fieldsOf(pathOf(one, '/')['get'])['operationId'] = 'get_v2'), 'twice'],
    ['a name in path and query', (one) => addQuery(one, { name: 'NAME' }), 'not unique'],
    ['a query that is required', (one) => addQuery(one, { name: 'x', required: true }), 'URL template'],
    [
      'a parameter that is not described',
      (one) => delete pathOf(one, '/v2/models/{name}')['parameters'],
      'not described',
    ],
  ];
  const schemasOf = (one: Fields) => fieldsOf(fieldsOf(one['components'])['schemas']);
  const addQuery = (one: Fields, more: Fields): void => {
    const get = fieldsOf(pathOf(one, '/v2/models/{name}')['get']);
    get['parameters'] = [{ in: 'query', schema: { type: 'string' }, ...more }];
  };

  it.each(broken)('is %s', async (_, change, message) => {
    const one = structuredClone(document);
    change(one);
    expect((await importDocument(JSON.stringify(one))).problems.join('\n')).toContain(message);
  });
});
