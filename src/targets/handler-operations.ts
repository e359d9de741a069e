/** The summary of each method of a path. */
export type Methods = Partial<Record<'get' | 'post', string>>;

const perModel: Record<string, Methods> = {
  infer: { post: 'infer' },
  batch: { post: 'batch' },
  predict: { post: 'predict' },
  async: { post: 'async' },
  'async/{id}': { get: 'job' },
  health: { get: 'health' },
  'openapi.json': { get: 'openapi' },
};

/** All that the handler answers but the page at `/`, for the documents of gateways in front of it. */
export const handlerOperations: Readonly<Record<string, Methods>> = {
  ...Object.fromEntries(Object.entries(perModel).map(([name, methods]) => [`/v1/${name}`, methods])),
  '/v1/models': { get: 'models' },
  // `{name}:predict` is one segment of a path, which gateways do not take apart.
  '/v1/models/{name}': { get: 'model-ready', post: 'predict' },
  ...Object.fromEntries(Object.entries(perModel).map(([name, methods]) => [`/v1/models/{name}/${name}`, methods])),
  '/v2': { get: 'server' },
  '/v2/repository/index': { post: 'index' },
  '/v2/health/live': { get: 'live' },
  '/v2/health/ready': { get: 'ready' },
  ...Object.fromEntries(
    ['/v2/models/{name}', '/v2/models/{name}/versions/{version}'].flatMap((path): [string, Methods][] => [
      [path, { get: 'model' }],
      [`${path}/ready`, { get: 'ready' }],
      [`${path}/infer`, { post: 'infer' }],
    ]),
  ),
};

/** `get_v1_models_name_health`: operation ids are unique in a document. */
export const operationId = (method: string, path: string): string =>
  `${method}${path.replaceAll(/[{}]/g, '').replaceAll(/[^a-zA-Z0-9]+/g, '_')}`;

/** The parameters that a path names. */
export const parametersOf = (path: string) =>
  [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => ({
    ...{ name, in: 'path' as const, required: true as const },
    schema: { type: 'string' as const },
  }));
