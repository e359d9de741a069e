import type { AppResponse } from '../app-request.ts';
import { RequestError } from '../request-error.ts';
import { type RouteContext, unavailable, withModel } from '../route.ts';

/** GET / on previews: a page to try the model with. It is imported when it is asked for: a cold start does not read it. */
export async function page(context: RouteContext): Promise<AppResponse> {
  if (!context.settings.page) throw new RequestError(404, 'not-found', 'There is nothing at this path.');
  return withModel(context, async (model) => {
    const [{ renderPage, pagePolicy }, { firstRequest }] = await Promise.all([
      import('../page/document.ts'),
      import('../page/first-request.ts'),
    ]);
    const { name, version, sha256, session } = model;
    const { inputs, outputs } = session;
    let sample: unknown;
    try {
      sample = await model.sample();
    } catch (error) {
      throw unavailable(error, 1);
    }
    return {
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy },
      body: renderPage({ name, version, sha256, inputs, outputs, request: firstRequest(sample, inputs) }),
    };
  });
}
