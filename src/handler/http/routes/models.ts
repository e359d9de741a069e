import { json } from '../answer.ts';
import type { AppResponse } from '../app-request.ts';
import type { RouteContext } from '../route.ts';

/** GET /v1/models: the names that this function serves, and the versions that are loaded. Loads nothing. */
export async function listModels({ hosts }: RouteContext): Promise<AppResponse> {
  const models = [...hosts.values()].map(({ name, current }) => ({
    name,
    loaded: current !== undefined,
    ...(current && { version: current.version, sha256: current.sha256 }),
  }));
  return json(200, { models });
}
