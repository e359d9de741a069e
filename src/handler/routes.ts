import type { Answer, Route } from './route.ts';
import { batch } from './routes/batch.ts';
import { health } from './routes/health.ts';
import { infer } from './routes/infer.ts';
import { listModels } from './routes/models.ts';
import { openapi } from './routes/openapi.ts';

const perModel: [Route['method'], string, Answer][] = [
  ['POST', 'infer', infer],
  ['POST', 'batch', batch],
  ['GET', 'health', health],
  ['GET', 'openapi.json', openapi],
];

/** Everything that the function answers. The plain paths are the function's own model. */
export const routes: readonly Route[] = [
  ...perModel.map(([method, name, answer]) => ({ method, pattern: `/v1/${name}`, answer })),
  { method: 'GET', pattern: '/v1/models', answer: listModels },
  ...perModel.map(([method, name, answer]) => ({ method, pattern: `/v1/models/{name}/${name}`, answer })),
];
