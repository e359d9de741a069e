import { json } from '../answer.ts';
import type { AppResponse } from '../app-request.ts';
import { describeApi } from '../openapi/document.ts';
import { hostOf, type RouteContext, withModel } from '../route.ts';

/** GET /v1/openapi.json: the routes of this model with its own tensors. */
export async function openapi(context: RouteContext): Promise<AppResponse> {
  const prefix = context.params['name'] === undefined ? '/v1' : `/v1/models/${hostOf(context).name}`;
  const { store } = context.settings.source;
  const uploads = store !== 'file' && store !== 'https';
  return withModel(context, async (model) => {
    const { inputs, outputs } = (await model.declared()) ?? model.session;
    const { name, version } = model;
    const queue = context.desk !== undefined;
    const { task } = model.loaded;
    return json(200, describeApi({ name, version, inputs, outputs, uploads, queue, task }, prefix));
  });
}
