import { answerRequest } from '../../task/answer-request.ts';
import { parseJsonObject } from '../../tensors/read-json.ts';
import { json } from '../answer.ts';
import type { AppResponse } from '../app-request.ts';
import { RequestError } from '../request-error.ts';
import { noTask, type RouteContext, withModel } from '../route.ts';
import { describeModel } from './infer.ts';

/** POST /v1/predict: a request as the model's task takes it, and a prediction for each of its inputs. */
export async function predict(context: RouteContext): Promise<AppResponse> {
  const { call, settings } = context;
  const type = (call.request.headers.get('content-type') ?? '').split(';', 1)[0]!.trim().toLowerCase();
  const bytes = await call.read(settings.maxPayloadBytes);
  const body = type === 'application/json' ? { json: parseJsonObject(bytes) } : { type, bytes };
  return withModel(context, async (model) => {
    const { task } = model.loaded;
    if (!task) throw noTask();
    if (!('json' in body) && !task.types.includes(type)) {
      const known = ['application/json', ...task.types].join(', ');
      throw new RequestError(415, 'unsupported-media-type', `Expected content-type ${known}.`);
    }
    const predictions = await answerRequest(call, model, task, body);
    return json(200, { predictions, model: describeModel(model) });
  });
}
