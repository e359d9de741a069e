import type { TensorInfo } from '../../model/manifest.ts';
import { operations } from './operations.ts';
import { nestedSchema, tensorSchema } from './tensor-schema.ts';

export interface ApiModel {
  name: string;
  version: string;
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
}

type Schema = Record<string, unknown>;

/** OpenAPI 3.1 document of one model's routes under `prefix` (`/v1`, `/v1/models/digits`). */
export function describeApi(model: ApiModel, prefix: string): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: { title: model.name, version: model.version, description: `Inference of ${model.name} ${model.version}.` },
    servers: [{ url: '/' }],
    paths: operations(model, prefix),
    components: { schemas: schemas(model) },
  };
}

function schemas(model: ApiModel): Record<string, Schema> {
  return {
    InferRequest: {
      type: 'object',
      required: ['inputs'],
      additionalProperties: false,
      properties: { inputs: inputsSchema(model.inputs), outputs: namesSchema(model.outputs) },
    },
    InferResponse: {
      type: 'object',
      required: ['outputs', 'model'],
      properties: { outputs: namedSchema(model.outputs, false), model: { $ref: '#/components/schemas/Model' } },
    },
    BatchRequest: {
      type: 'object',
      required: ['items'],
      additionalProperties: false,
      properties: {
        items: { type: 'array', minItems: 1, maxItems: 1024, items: { $ref: '#/components/schemas/InferRequest' } },
      },
    },
    BatchResponse: {
      type: 'object',
      required: ['items', 'stacked', 'model'],
      properties: {
        items: { type: 'array', items: { anyOf: [namedOutputs(model), { $ref: '#/components/schemas/Error' }] } },
        stacked: { type: 'boolean' },
        model: { $ref: '#/components/schemas/Model' },
      },
    },
    Model: object({ name: { type: 'string' }, version: { type: 'string' }, sha256: { type: 'string' } }),
    Health: {
      type: 'object',
      required: ['status', 'instance_id'],
      properties: { status: { enum: ['ok', 'mismatch'] } },
    },
    Error: object({ error: { type: 'object', required: ['code', 'message'], properties: errorFields } }),
  };
}

const errorFields = { code: { type: 'string' }, message: { type: 'string' }, request_id: { type: 'string' } };

const object = (properties: Record<string, Schema>): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});

const namedOutputs = (model: ApiModel): Schema => object({ outputs: namedSchema(model.outputs, false) });

function namedSchema(infos: readonly TensorInfo[], complete: boolean): Schema {
  return {
    type: 'object',
    ...(complete && { required: infos.map((info) => info.name), additionalProperties: false }),
    properties: Object.fromEntries(infos.map((info) => [info.name, tensorSchema(info)])),
  };
}

/** By name; a model of one input also takes its bare nested list. */
function inputsSchema(infos: readonly TensorInfo[]): Schema {
  const [first, second] = infos;
  const named = namedSchema(infos, true);
  return first && !second ? { anyOf: [named, nestedSchema(first)] } : named;
}

const namesSchema = (infos: readonly TensorInfo[]): Schema => ({
  type: 'array',
  minItems: 1,
  items: { enum: infos.map((info) => info.name) },
});
