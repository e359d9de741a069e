import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { InputError, UnprovenError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { prepareTools } from '../package/tools.ts';
import { functionSettings } from '../steps/function-settings.ts';
import type { Context, VerbResult } from '../steps/verb.ts';
import { versionFor } from '../steps/version-for.ts';
import { openWorkspace, type WorkInput } from '../steps/workspace.ts';

/** What the handler gets to end by itself, ms: a little more than it gives its own requests. */
const graceMs = 5000;

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

interface Handler {
  /** Where it listens; undefined when it ends before. */
  listening: Promise<number | undefined>;
  ended: Promise<Ended>;
}

/** Runs the handler in the foreground; its log lines go to standard output. */
export function startHandler(entry: string, port: number, env: NodeJS.ProcessEnv, signal: AbortSignal): Handler {
  const child = spawn(process.execPath, [entry, '--port', String(port)], {
    env,
    // The handler reports over its channel when it listens, and ends when the channel closes: nothing outlives this
    // process.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  let timeoutMs: NodeJS.Timeout | undefined;
  const stop = (): void => {
    child.kill('SIGTERM');
    timeoutMs = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, by) => {
      clearTimeout(timeoutMs);
      signal.removeEventListener('abort', stop);
      resolve({ code, signal: by });
    });
  });
  const listening = new Promise<number | undefined>((resolve) => {
    child.on('message', (message) => resolve((message as { port: number }).port));
    child.on('exit', () => resolve(undefined));
  });
  return { listening, ended };
}

/** A handler that lived this long did not end for a reason that comes back at once, ms. */
const steadyMs = 60_000;

/**
 * Runs the handler until it is stopped, and starts it again when it ends by itself after it had served: a run of the
 * model that cannot be interrupted ends its process. `announce` is called with the first one's port.
 */
export async function keepRunning(
  start: (port: number | undefined) => Handler,
  { announce, log, signal }: { announce: (port: number) => Promise<void>; log: Logger; signal: AbortSignal },
): Promise<Ended> {
  let known: number | undefined;
  for (let quick = 0; ; ) {
    const began = performance.now();
    const handler = start(known);
    const port = await handler.listening;
    // A user who stops it at once does not need the failed announcement.
    if (port !== undefined && known === undefined) await announce(port).catch(() => {});
    known ??= port;
    const ended = await handler.ended;
    if (ended.code === 0 || signal.aborted || known === undefined || ended.code === 2) return ended;
    quick = performance.now() - began < steadyMs ? quick + 1 : 0;
    const waitMs = quick < 2 ? 0 : Math.min(30_000, 500 * 2 ** quick);
    log.warn(
      `The handler ended (${ended.signal ?? `exit code ${ended.code}`}); starting it again${waitMs ? ` in ${waitMs / 1000} s` : ''}.`,
    );
    await new Promise((resolve) => {
      setTimeout(resolve, waitMs);
      signal.addEventListener('abort', resolve, { once: true });
    });
    if (signal.aborted) return ended;
  }
}

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

/** Logs the handler's address and what it serves. A model that is not there yet is no reason to stop: it may come. */
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
  log.info(`  OpenAPI:      ${url}/v1/openapi.json`);
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
          hint: 'See its last lines above for the reason; another port may be free.',
        });
  return { outputs: {}, document: { served: failure === undefined }, lines: [], summary: '', failure };
}
