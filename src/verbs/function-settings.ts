import { fileURLToPath } from 'node:url';
import type { Environment, ModelEntry } from '../config/types.ts';
import type { FunctionSettings } from '../rollout/target.ts';

/** Where the function reads models from, as the handler's variables; the scheme decides which ones there are. */
export function storeVariables(environment: Environment): Record<string, string> {
  const url = new URL(environment.store.url);
  const scheme = url.protocol.slice(0, -1);
  const pointer = { MODEL_POINTER: environment.pointer };
  if (scheme === 'file') return { MODEL_STORE: 'file', MODEL_PREFIX: fileURLToPath(url), ...pointer };
  const path = url.pathname.replace(/^\/|\/$/g, '');
  const { region, endpoint } = environment.store;
  const asked = { ...(endpoint && { MODEL_ENDPOINT: endpoint }), ...pointer };
  if (scheme === 'azure') {
    const [container = '', ...prefix] = path.split('/');
    return {
      MODEL_STORE: 'azure',
      MODEL_BUCKET: `${url.host}/${container}`,
      MODEL_PREFIX: prefix.join('/'),
      ...asked,
    };
  }
  const store = scheme === 'gs' ? 'gcs' : scheme;
  return {
    MODEL_STORE: store,
    MODEL_BUCKET: url.host,
    MODEL_PREFIX: path,
    ...(region && { MODEL_REGION: region }),
    ...asked,
  };
}

/** The function of a model in an environment: its name on the platform and everything that is not the model's bytes. */
export function functionSettings(environment: Environment, model: ModelEntry): FunctionSettings {
  const { maxPayloadKb, threads, refreshSeconds, runTimeoutMs, cors, models } = model.handler;
  return {
    name: `${model.name}-${environment.name}`,
    model: model.name,
    storeVariables: storeVariables(environment),
    handlerVariables: {
      COLDGATE_MAX_PAYLOAD_KB: String(maxPayloadKb),
      COLDGATE_THREADS: String(threads),
      COLDGATE_CORS: cors.join(','),
      COLDGATE_MODELS: models.join(','),
      COLDGATE_RUN_TIMEOUT_MS: String(runTimeoutMs),
      MODEL_REFRESH_SECONDS: String(refreshSeconds),
    },
  };
}
