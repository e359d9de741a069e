import { join } from 'node:path';
import { InputError, UnprovenError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { prepareTools } from '../package/tools.ts';
import { functionSettings } from './function-settings.ts';
import { keepRunning, startHandler } from './handler-process.ts';
import type { Context, VerbResult } from './verb.ts';
import { versionFor } from './version-for.ts';
import { openWorkspace, type WorkInput } from './workspace.ts';

export interface ServeInput extends WorkInput {
  version?: string | undefined;
  port: number;
}

/** What the handler may know of this machine: the store's credentials are read by itself, as on a platform. */
const passedOn = /^(?:PATH|HOME|TMPDIR|COLDGATE_HOSTS|(?:AWS|AZURE|GOOGLE|GCLOUD)_\w+)$/;

interface Warm {
  model?: { version: string };
  sample?: string;
  timings?: { model_loaded_ms?: number };
  error?: { code: string; message: string };
}

/** Says where the handler is and what it serves. A model that is not there yet is no reason to stop: it may come. */
async function announce(name: string, store: string, port: number, log: Logger): Promise<void> {
  const url = `http://127.0.0.1:${port}`;
  const { model, sample, timings, error } = (await (await fetch(`${url}/v1/health?warm=true`)).json()) as Warm;
  if (model) {
    const loaded = timings?.model_loaded_ms?.toFixed(0);
    log.info(`Serving ${name} ${model.version} from ${store}; golden sample: ${sample}, loaded in ${loaded} ms.`);
  } else {
    log.warn(`${name} cannot be served from ${store}: ${error?.message} (${error?.code})`);
    if (error?.code === 'model-not-found') {
      log.info('`coldgate ship` makes a version live; `coldgate serve --version` serves one that is only published.');
    }
  }
  log.info(`  In a browser: ${url}/`);
  log.info(`  Described:    ${url}/v1/openapi.json`);
  log.info('  Ctrl-C stops it.');
}

/** `coldgate serve`. */
export async function run(input: ServeInput, context: Context): Promise<VerbResult> {
  const { environment, models } = await openWorkspace(input, context, { checkFiles: false });
  const [entry] = models;
  if (!entry || models.length > 1) {
    const hint = `Add --model ${entry?.name ?? 'NAME'}.`;
    throw new InputError([{ path: '--model', message: `expected one model to serve, got ${models.length}.`, hint }]);
  }
  const { handlerDir, cacheDir, log, sharedCache, signal, env } = context;
  const pin = input.version === undefined ? {} : { MODEL_VERSION: versionFor(input.version, entry, models) };
  const tools = await prepareTools({ handlerDir, cacheDir, log, sharedCache, signal });
  const { storeVariables, handlerVariables } = functionSettings(environment, entry);
  const variables = {
    ...Object.fromEntries(Object.entries(env).filter(([key]) => passedOn.test(key))),
    ...storeVariables,
    ...handlerVariables,
    ...pin,
    MODEL_NAME: entry.name,
    COLDGATE_PAGE: 'true',
    ORT_DISABLE_TELEMETRY: '1',
  };
  const { code, signal: by } = await keepRunning(
    (port) => startHandler(join(tools, 'node.cjs'), port ?? input.port, variables, signal),
    { announce: (port) => announce(entry.name, environment.store.url, port, log), log, signal },
  );
  const failure =
    code === 0 || signal.aborted
      ? undefined
      : new UnprovenError('handler-ended', `The handler of ${entry.name} ended with ${by ?? `exit code ${code}`}.`, {
          hint: 'Its last lines above say why; another port may be free.',
        });
  return { outputs: {}, document: { served: failure === undefined }, lines: [], summary: '', failure };
}
