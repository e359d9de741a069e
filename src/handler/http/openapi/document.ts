import type { Way } from '../../../model/tensor-elements.ts';
import type { TensorInfo } from '../../../model/tensor-info.ts';
import { type ApiModel, operations } from './operations.ts';
import { nestedSchema, tensorSchema } from './tensor-schema.ts';

type Schema = Record<string, unknown>;

/** OpenAPI 3.1 document of one model's routes under `prefix` (`/v1`, `/v1/models/digits`). */
export function describeApi(model: ApiModel, prefix: string): Record<string, unknown> {
  return {
    openapi: '3.1.0',
    info: { title: model.name, version: model.version, description: `Inference of ${model.name} ${model.version}.` },
    servers: [{ url: serverOf(prefix) }],
    paths: operations(model, prefix),
    components: { schemas: schemas(model) },
  };
}

/** From the place of the document up to the function's root, whatever stage or function name stands before that. */
const serverOf = (prefix: string): string => prefix.replaceAll(/\/[^/]+/g, '/..').slice(1);

function schemas(model: ApiModel): Record<string, Schema> {
  return {
    InferRequest: {
      type: 'object',
      required: ['inputs'],
      additionalProperties: false,
      properties: { inputs: inputsSchema(model), outputs: namesSchema(model.outputs) },
    },
    InferResponse: {
      type: 'object',
      required: ['outputs', 'model'],
      properties: { outputs: outputsSchema(model.outputs), model: { $ref: '#/components/schemas/Model' } },
    },
    BatchRequest: {
      type: 'object',
      required: ['items'],
      additionalProperties: false,
      properties: {
        items: { type: 'array', minItems: 1, maxItems: 1024, items: batchItem(model) },
      },
    },
    BatchResponse: {
      type: 'object',
      required: ['items', 'stacked', 'model'],
      properties: {
        items: { type: 'array', items: { anyOf: [...batchAnswers(model), { $ref: '#/components/schemas/Error' }] } },
        stacked: { type: 'boolean' },
        model: { $ref: '#/components/schemas/Model' },
      },
    },
    ...(model.task && taskSchemas(model.task)),
    ...(model.queue && queueSchemas),
    Model: object({ name: { type: 'string' }, version: { type: 'string' }, sha256: { type: 'string' } }),
    Health: healthSchema,
    Error: object({ error: { type: 'object', required: ['code', 'message'], properties: errorFields } }),
  };
}

/** Of a model with a task an item may be a request. */
function batchItem({ task }: ApiModel): Schema {
  const tensors = { $ref: '#/components/schemas/InferRequest' };
  if (!task) return tensors;
  const request = object({ request: { $ref: '#/components/schemas/PredictRequest' } });
  return { anyOf: [tensors, request] };
}

const batchAnswers = (model: ApiModel): Schema[] => [
  namedOutputs(model),
  ...(model.task ? [object({ predictions: predictions(model.task) })] : []),
];

/** An input that is refused has its error in its place. */
const predictions = ({ schemas: { prediction } }: NonNullable<ApiModel['task']>): Schema => ({
  type: 'array',
  items: { anyOf: [prediction, { $ref: '#/components/schemas/Error' }] },
});

const taskSchemas = (task: NonNullable<ApiModel['task']>): Record<string, Schema> => ({
  PredictRequest: task.schemas.request,
  PredictResponse: object({ predictions: predictions(task), model: { $ref: '#/components/schemas/Model' } }),
});

/** Without `warm` there are no timings, and a model only once one is loaded. */
const healthSchema: Schema = {
  type: 'object',
  required: ['status', 'instance_id', 'revision', 'pid', 'runtime'],
  properties: {
    status: { enum: ['ok', 'mismatch'] },
    cold_start: { type: 'boolean' },
    instance_id: { type: 'string' },
    revision: { type: ['string', 'null'] },
    pid: { type: 'integer' },
    runtime: { type: 'object' },
    loaded: { type: 'boolean' },
    model: { $ref: '#/components/schemas/Model' },
    sample: { enum: ['ok', 'mismatch', 'none'] },
    sample_difference: { type: 'object' },
    pointer: {
      type: 'object',
      required: ['status'],
      properties: { status: { enum: ['current', 'waiting', 'failed'] } },
    },
    timings: { type: 'object', additionalProperties: { type: 'number', minimum: 0 } },
  },
};

const errorFields = { code: { type: 'string' }, message: { type: 'string' }, request_id: { type: 'string' } };

const object = (properties: Record<string, Schema>): Schema => ({
  type: 'object',
  required: Object.keys(properties),
  properties,
});

const text: Schema = { type: 'string' };

/** What the queue answers: docs/queue.md. */
const queueSchemas: Record<string, Schema> = {
  Accepted: object({ id: text, status: { const: 'pending' }, url: text, result: text }),
  Pending: object({ id: text, status: { const: 'pending' } }),
  Job: {
    ...object({
      schema: { const: 1 },
      id: text,
      model: text,
      status: { enum: ['done', 'failed'] },
      attempt: { type: 'integer' },
    }),
    oneOf: [{ required: ['answer'] }, { required: ['error'] }],
  },
};

const namedOutputs = (model: ApiModel): Schema => object({ outputs: outputsSchema(model.outputs) });

/** Some of the outputs, those that were asked for. */
const outputsSchema = (infos: readonly TensorInfo[]): Schema => ({
  type: 'object',
  minProperties: 1,
  additionalProperties: false,
  properties: byName(infos, 'out'),
});

const byName = (infos: readonly TensorInfo[], way: Way, uploads = false): Schema =>
  Object.fromEntries(infos.map((info) => [info.name, tensorSchema(info, way, uploads)]));

/** By name, optional ones if need be; a model of one required input also takes its bare nested list. */
function inputsSchema({ inputs: infos, uploads }: ApiModel): Schema {
  const required = infos.filter((info) => !info.optional);
  const [first, second] = required;
  const named = {
    type: 'object',
    required: required.map((info) => info.name),
    additionalProperties: false,
    properties: byName(infos, 'in', uploads),
  };
  return first && !second ? { anyOf: [named, nestedSchema(first, 'in')] } : named;
}

const namesSchema = (infos: readonly TensorInfo[]): Schema => ({
  type: 'array',
  minItems: 1,
  items: { enum: infos.map((info) => info.name) },
});
