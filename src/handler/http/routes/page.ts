import type { AppResponse } from '../app-request.ts';
import { pagePolicy, renderPage } from '../page/document.ts';
import { firstRequest } from '../page/first-request.ts';
import { modelCard } from '../page/model-card.ts';
import { RequestError } from '../request-error.ts';
import { type RouteContext, unavailable, withModel } from '../route.ts';

/** GET / on previews: a page to try the model with. */
export async function page(context: RouteContext): Promise<AppResponse> {
  if (!context.settings.page) throw new RequestError(404, 'not-found', 'There is nothing at this path.');
  return withModel(context, async (model) => {
    const { name, version, sha256, session, loaded } = model;
    try {
      const { inputs, outputs } = (await model.declared()) ?? session;
      const card = modelCard(sha256, loaded.artifact, model.manifest);
      const { request, isSample } = firstRequest(await model.sample(), inputs);
      return {
        status: 200,
        headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy },
        body: renderPage({ name, version, card, inputs, outputs, request, isSample }),
      };
    } catch (error) {
      throw unavailable(error, 1);
    }
  });
}
