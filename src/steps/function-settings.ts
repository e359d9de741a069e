import { fileURLToPath } from 'node:url';
import { clouds, storeOfScheme } from '../clouds.ts';
import type { Environment, ModelEntry } from '../config/types.ts';
import type { FunctionSettings } from '../rollout/target.ts';

/** Where the function reads models from, as the handler's variables; the scheme decides which ones there are. */
export function storeVariables(environment: Environment): Record<string, string> {
  const url = new URL(environment.store.url);
  const scheme = url.protocol.slice(0, -1);
  const pointer = { MODEL_POINTER: environment.pointer };
  if (scheme === 'file') return { MODEL_STORE: 'file', MODEL_PREFIX: fileURLToPath(url), ...pointer };
  const store = storeOfScheme(scheme);
  const parts = [url.host, ...url.pathname.replace(/^\/|\/$/g, '').split('/')];
  const cut = store ? clouds[store].bucketParts : 1;
  const { region, endpoint, readUrl } = environment.store;
  return {
    MODEL_STORE: store ?? scheme,
    MODEL_BUCKET: parts.slice(0, cut).join('/'),
    MODEL_PREFIX: parts.slice(cut).join('/'),
    ...(region && { MODEL_REGION: region }),
    ...(endpoint && { MODEL_ENDPOINT: endpoint }),
    ...(readUrl && { MODEL_READ_URL: readUrl }),
    ...pointer,
  };
}

/** The function of a model in an environment: its name on the platform and everything that is not the model's bytes. */
export function functionSettings(environment: Environment, model: ModelEntry): FunctionSettings {
  const { maxPayloadKb, threads, refreshSeconds, followOverSeconds, runTimeoutMs, cors, models } = model.handler;
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
      ...(followOverSeconds > 0 && { MODEL_FOLLOW_OVER_SECONDS: String(followOverSeconds) }),
    },
  };
}
