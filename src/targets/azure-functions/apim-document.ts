import { handlerOperations, type Methods, operationId, parametersOf } from '../handler-operations.ts';

type Fields = Record<string, unknown>;

/** What a document says of the API itself. */
export interface DocumentTitle {
  title: string;
  description: string;
}

/**
 * The OpenAPI document that API Management imports: what the handler's own document describes, in 3.0.3, for every model
 * and version alike. Shapes of one model's tensors would demand a new revision of the API for each version of other
 * shapes, and API Management does not look at bodies; the function itself serves them at /v1/openapi.json. Schemas are
 * named and not recursive, and no query parameter is required, as the import wants it. Pure.
 * https://learn.microsoft.com/azure/api-management/api-management-api-import-restrictions
 */
export function apimDocument({ title, description }: DocumentTitle): Fields {
  const paths = Object.entries({ '/': { get: 'page' }, ...handlerOperations }).map(([path, methods]) => [
    path,
    pathItem(path, methods),
  ]);
  return {
    openapi: '3.0.3',
    info: { title, version: '1', description },
    paths: Object.fromEntries(paths),
    components: { schemas },
  };
}

/** Paths whose answers are the same for every caller until another version is served. */
export const cacheablePaths: readonly string[] = [
  '/',
  ...Object.keys(handlerOperations).filter((path) => path.endsWith('/openapi.json')),
];

function pathItem(path: string, methods: Methods): Fields {
  const parameters = parametersOf(path);
  const operations = Object.entries(methods).map(([method, summary]) => [
    method,
    { operationId: operationId(method, path === '/' ? '/page' : path), summary, ...detailsOf(path) },
  ]);
  return { ...(parameters.length > 0 && { parameters }), ...Object.fromEntries(operations) };
}

const ref = (name: string): Fields => ({ $ref: `#/components/schemas/${name}` });
const json = (name: string): Fields => ({ 'application/json': { schema: ref(name) } });
const bytes: Fields = { 'application/octet-stream': { schema: ref('Bytes') } };
const page: Fields = { 'text/html': { schema: ref('Page') } };
const query = (name: string, schema: Fields): Fields => ({ name, in: 'query', required: false, schema });
const output = { ...query('output', { type: 'array', items: { type: 'string' } }), explode: true };
const shape = { name: 'X-Tensor-Shape', in: 'header', required: false, schema: { type: 'string' } };

const key = { name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string' } };

const failures: Record<string, string> = {
  '400': 'The body is not what the model takes.',
  '404': 'There is no such job.',
  '409': 'The Idempotency-Key has come before with another body.',
  '413': 'The body is larger than this function takes.',
  '415': 'The content type is not one that this path takes.',
  '422': 'The graph refuses the values.',
  '503': 'The model cannot be served now; Retry-After gives the time to wait.',
};

const answers = (content: Fields, codes: readonly string[], good = '200'): Fields => ({
  [good]: { description: 'The answer.', content },
  ...Object.fromEntries(codes.map((code) => [code, { description: failures[code], content: json('Error') }])),
});

/** Parameters, body and answers by the last part of a path of `/v1`; what others answer is their own protocol's. */
function detailsOf(path: string): Fields {
  if (path === '/') return { responses: answers(page, ['503']) };
  if (!path.startsWith('/v1/')) return { responses: { default: { description: 'As the function answers.' } } };
  switch (path.slice(path.lastIndexOf('/') + 1)) {
    case 'infer':
      return {
        parameters: [shape, output],
        requestBody: { required: true, content: { ...json('InferRequest'), ...bytes } },
        responses: answers({ ...json('InferResponse'), ...bytes }, ['400', '413', '415', '422', '503']),
      };
    case 'batch':
      return {
        parameters: [output],
        requestBody: { required: true, content: json('BatchRequest') },
        responses: answers(json('BatchResponse'), ['400', '413', '415', '503']),
      };
    case 'async':
      return {
        parameters: [key, shape, output],
        requestBody: { required: true, content: { ...json('InferRequest'), ...bytes } },
        responses: answers(json('Document'), ['400', '409', '413', '415', '503'], '202'),
      };
    case '{id}':
      return {
        responses: { ...answers(json('Document'), ['404', '503']), ...answers(json('Document'), [], '202') },
      };
    case 'health': {
      const warm = query('warm', { type: 'string', enum: ['true', 'false'] });
      return { parameters: [warm], responses: answers(json('Health'), ['503']) };
    }
    default:
      return { responses: answers(json('Document'), ['503']) };
  }
}

const text: Fields = { type: 'string' };
const open: Fields = { type: 'object', additionalProperties: true };
const object = (properties: Fields, required = Object.keys(properties)): Fields => ({
  ...{ type: 'object', required, properties },
});

/** Without the shapes and names of a model's tensors. */
const schemas: Fields = {
  Bytes: { type: 'string', format: 'binary' },
  Page: text,
  Document: open,
  Tensors: { description: 'By name: nested lists, or shape, dtype and data.', ...open },
  Model: object({ name: text, version: text, sha256: text }),
  InferRequest: object({ inputs: { description: 'Tensors by name, or the one input as a nested list.' } }),
  InferResponse: object({ outputs: ref('Tensors'), model: ref('Model') }),
  BatchRequest: object({ items: { type: 'array', minItems: 1, maxItems: 1024, items: ref('InferRequest') } }),
  BatchResponse: object({
    items: { type: 'array', items: open },
    stacked: { type: 'boolean' },
    model: ref('Model'),
  }),
  Health: object(
    {
      status: { type: 'string', enum: ['ok', 'mismatch'] },
      instance_id: text,
      revision: { ...text, nullable: true },
      loaded: { type: 'boolean' },
      model: ref('Model'),
      timings: { type: 'object', additionalProperties: { type: 'number', minimum: 0 } },
    },
    ['status', 'instance_id', 'revision'],
  ),
  Error: object({ error: object({ code: text, message: text, request_id: text }, ['code', 'message']) }),
};
