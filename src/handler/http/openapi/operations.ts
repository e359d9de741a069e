import type { TensorInfo } from '../../../model/tensor-info.ts';

type Fields = Record<string, unknown>;

/** The model that a document describes. */
export interface ApiModel {
  name: string;
  version: string;
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
  /** Whether inputs may be named by the URL of an upload. */
  uploads?: boolean;
  /** Whether the function has a queue. */
  queue?: boolean;
  /** Of a model with a task: what its requests and predictions are. */
  task?: { types: readonly string[]; schemas: { request: Fields; prediction: Fields } } | undefined;
}

const ref = (name: string): Fields => ({ $ref: `#/components/schemas/${name}` });
const content = (name: string): Fields => ({ 'application/json': { schema: ref(name) } });
/** As generators of clients and gateways know it. */
const bytes: Fields = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };

const failures: Record<string, string> = {
  '400': 'The body is not what the model takes; the message names the place, what was expected and what came.',
  '413': 'The body is larger than this function takes.',
  '415': 'The content type is not one that this path takes.',
  '422': 'Types and shapes are right, but the graph refuses the values.',
  '404': 'There is no such job, or its result is older than results are kept.',
  '409': 'The Idempotency-Key has come before with another body.',
  '503': 'The model, or the queue, cannot be used now; Retry-After gives the time to wait.',
};

/** The paths of one model. */
export function operations(model: ApiModel, prefix: string): Record<string, unknown> {
  const one = oneRequired(model);
  return {
    [`${prefix}/infer`]: {
      post: operation('infer', `Runs ${model.name} once.`, {
        parameters: inferParameters(model),
        requestBody: { required: true, content: { ...content('InferRequest'), ...(one && bytes) } },
        responses: answers('The outputs.', { ...content('InferResponse'), ...bytes }, inferFailures),
      }),
    },
    ...(model.task && predictOperation(model.task, prefix)),
    [`${prefix}/batch`]: {
      post: operation('batch', 'Runs many items, answered one by one.', {
        parameters: outputParameter(model),
        requestBody: { required: true, content: content('BatchRequest') },
        responses: answers('An answer or an error per item.', content('BatchResponse'), ['400', '413', '415', '503']),
      }),
    },
    ...(model.queue && queueOperations(model, prefix)),
    [`${prefix}/health`]: {
      get: operation('health', 'Whether the function is alive; with warm=true, loads and proves the model.', {
        parameters: [{ name: 'warm', in: 'query', required: false, schema: { enum: ['true', 'false'] } }],
        responses: answers('Alive.', content('Health'), ['503']),
      }),
    },
    [`${prefix}/openapi.json`]: {
      get: operation('openapi', 'This document.', {
        responses: answers('OpenAPI 3.1.', { 'application/json': { schema: { type: 'object' } } }, ['503']),
      }),
    },
  };
}

const predictOperation = ({ types }: NonNullable<ApiModel['task']>, prefix: string): Record<string, unknown> => ({
  [`${prefix}/predict`]: {
    post: operation('predict', 'Answers a request by the task of the model: a prediction for each of its inputs.', {
      requestBody: {
        required: true,
        content: {
          ...content('PredictRequest'),
          ...Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }])),
        },
      },
      responses: answers('The predictions.', content('PredictResponse'), inferFailures),
    }),
  },
});

/** Those of the queue in front of the function: docs/queue.md. */
const queueOperations = (model: ApiModel, prefix: string): Record<string, unknown> => ({
  [`${prefix}/async`]: {
    post: operation('async', 'Puts a request into the queue; its result is asked for later.', {
      parameters: [keyHeader, ...inferParameters(model)],
      requestBody: { required: true, content: { ...content('InferRequest'), ...(oneRequired(model) && bytes) } },
      responses: answers('Accepted.', content('Accepted'), ['400', '409', '413', '415', '503'], '202'),
    }),
  },
  [`${prefix}/async/{id}`]: {
    get: operation('job', 'The result of a request in the queue.', {
      parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
      responses: {
        ...answers('The result.', content('Job'), ['404', '503']),
        ...answers('There is none yet.', content('Pending'), [], '202'),
      },
    }),
  },
});

const keyHeader: Fields = {
  ...{ name: 'Idempotency-Key', in: 'header', required: false },
  schema: { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,128}$' },
};

const inferFailures = ['400', '413', '415', '422', '503'];

/** For bytes: the shape of those that come, where it does not follow from their number. */
function inferParameters(model: ApiModel): Fields[] {
  const shape = { type: 'string', pattern: '^[0-9]{1,12}(?:,[0-9]{1,12}){0,15}$', examples: ['1,3,224,224'] };
  return [
    ...(oneRequired(model) ? [{ name: 'X-Tensor-Shape', in: 'header', required: false, schema: shape }] : []),
    ...outputParameter(model),
  ];
}

/** Which outputs to answer with; the parameter may come several times. */
function outputParameter({ outputs }: ApiModel): Fields[] {
  if (outputs.length === 0) return [];
  const schema = { type: 'array', items: { enum: outputs.map(({ name }) => name) } };
  return [{ name: 'output', in: 'query', required: false, explode: true, schema }];
}

/** Bytes alone are that input. */
const oneRequired = ({ inputs }: Pick<ApiModel, 'inputs'>): boolean =>
  inputs.filter(({ optional }) => !optional).length === 1;

const everyHeader: Fields = { 'x-request-id': { schema: { type: 'string' } } };
const retryAfter: Fields = { 'retry-after': { description: 'In seconds.', schema: { type: 'integer', minimum: 1 } } };

const operation = (operationId: string, summary: string, rest: Fields): Fields => ({ operationId, summary, ...rest });

const answers = (description: string, body: Fields, codes: readonly string[], good = '200'): Fields => ({
  [good]: { description, headers: everyHeader, content: body },
  ...Object.fromEntries(codes.map((code) => [code, failure(code)])),
});

const failure = (code: string): Fields => ({
  description: failures[code],
  headers: { ...everyHeader, ...(code === '503' && retryAfter) },
  content: content('Error'),
});
