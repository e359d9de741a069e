import type { Answer, Route } from './route.ts';
import { batch } from './routes/batch.ts';
import { health } from './routes/health.ts';
import { infer } from './routes/infer.ts';
import { listModels } from './routes/models.ts';
import { openapi } from './routes/openapi.ts';
import { page } from './routes/page.ts';
import { v2Infer, v2Live, v2Model, v2ModelReady, v2Ready, v2Server } from './routes/v2.ts';

const perModel: [Route['method'], string, Answer][] = [
  ['POST', 'infer', infer],
  ['POST', 'batch', batch],
  ['GET', 'health', health],
  ['GET', 'openapi.json', openapi],
];

const v2PerModel: [Route['method'], string, Answer][] = [
  ['GET', '', v2Model],
  ['GET', '/ready', v2ModelReady],
  ['POST', '/infer', v2Infer],
];

/** Everything that the function answers. The plain paths are the function's own model. */
export const routes: readonly Route[] = [
  ...perModel.map(([method, name, answer]) => ({ method, pattern: `/v1/${name}`, answer })),
  { method: 'GET', pattern: '/', answer: page },
  { method: 'GET', pattern: '/v1/models', answer: listModels },
  ...perModel.map(([method, name, answer]) => ({ method, pattern: `/v1/models/{name}/${name}`, answer })),
  { method: 'GET', pattern: '/v2', answer: v2Server },
  { method: 'GET', pattern: '/v2/health/live', answer: v2Live },
  { method: 'GET', pattern: '/v2/health/ready', answer: v2Ready },
  ...v2PerModel.flatMap(([method, end, answer]) =>
    ['', '/versions/{version}'].map((of) => ({ method, pattern: `/v2/models/{name}${of}${end}`, answer })),
  ),
];
