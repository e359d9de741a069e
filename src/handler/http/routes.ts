import type { Answer, Route } from './route.ts';
import { health } from './routes/health.ts';
import { infer } from './routes/infer.ts';
import { listModels } from './routes/models.ts';

/** Read when it is first asked for: other starts do not pay for it. */
function later(load: () => Promise<Answer>): Answer {
  let answer: Answer | undefined;
  return async (context) => {
    answer ??= await load();
    return answer(context);
  };
}

const async = (name: keyof typeof import('./routes/async.ts')): Answer =>
  later(async () => (await import('./routes/async.ts'))[name]);
const batch = later(async () => (await import('./routes/batch.ts')).batch);
const openapi = later(async () => (await import('./routes/openapi.ts')).openapi);
const page = later(async () => (await import('./routes/page.ts')).page);
const task = later(async () => (await import('./routes/task.ts')).predict);
const v1 = (name: keyof typeof import('./routes/predict.ts')): Answer =>
  later(async () => (await import('./routes/predict.ts'))[name]);
const v2 = (name: keyof typeof import('./routes/v2.ts')): Answer =>
  later(async () => (await import('./routes/v2.ts'))[name]);

const perModel: [Route['method'], string, Answer][] = [
  ['POST', 'infer', infer],
  ['POST', 'batch', batch],
  ['POST', 'predict', task],
  ['POST', 'async', async('submit')],
  ['GET', 'async/{id}', async('look')],
  ['GET', 'health', health],
  ['GET', 'openapi.json', openapi],
];

const v2PerModel: [Route['method'], string, Answer][] = [
  ['GET', '', v2('v2Model')],
  ['GET', '/ready', v2('v2ModelReady')],
  ['POST', '/infer', v2('v2Infer')],
];

/** Everything that the function answers. The plain paths are the function's own model. */
export const routes: readonly Route[] = [
  ...perModel.map(([method, name, answer]) => ({ method, pattern: `/v1/${name}`, answer })),
  { method: 'GET', pattern: '/', answer: page },
  { method: 'GET', pattern: '/v1/models', answer: listModels },
  { method: 'GET', pattern: '/v1/models/{name}', answer: v1('ready') },
  { method: 'POST', pattern: '/v1/models/{name}:predict', answer: v1('predict') },
  ...perModel.map(([method, name, answer]) => ({ method, pattern: `/v1/models/{name}/${name}`, answer })),
  { method: 'GET', pattern: '/v2', answer: v2('v2Server') },
  { method: 'POST', pattern: '/v2/repository/index', answer: v2('v2Index') },
  { method: 'GET', pattern: '/v2/health/live', answer: v2('v2Live') },
  { method: 'GET', pattern: '/v2/health/ready', answer: v2('v2Ready') },
  ...v2PerModel.flatMap(([method, end, answer]) =>
    ['', '/versions/{version}'].map((of) => ({ method, pattern: `/v2/models/{name}${of}${end}`, answer })),
  ),
];
