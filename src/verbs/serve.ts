import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { InputError, UnprovenError } from '../errors.ts';
import { prepareTools } from '../package/tools.ts';
import { functionSettings } from './function-settings.ts';
import type { Context, VerbResult } from './verb.ts';
import { versionFor } from './version-for.ts';
import { openWorkspace, type WorkInput } from './workspace.ts';

export interface ServeInput extends WorkInput {
  version?: string | undefined;
  port: number;
}

/** Runs the handler in the foreground; its log lines go to standard output. Ends with it, or on SIGINT and SIGTERM. */
function runHandler(entry: string, port: number, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number | null> {
  const child = spawn(process.execPath, [entry, '--port', String(port)], {
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
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
  const tools = await prepareTools({ handlerDir, cacheDir, log, sharedCache, signal });
  const { storeVariables, handlerVariables } = functionSettings(environment, entry);
  const pin = input.version === undefined ? {} : { MODEL_VERSION: versionFor(input.version, entry, models) };
  log.info(`Serving ${entry.name} from ${environment.store.url} on http://127.0.0.1:${input.port}; Ctrl-C stops it.`);
  const variables = {
    ...storeVariables,
    ...handlerVariables,
    ...pin,
    MODEL_NAME: entry.name,
    ORT_DISABLE_TELEMETRY: '1',
  };
  const few = { PATH: env['PATH'], HOME: env['HOME'], TMPDIR: env['TMPDIR'] };
  const code = await runHandler(join(tools, 'node.mjs'), input.port, { ...few, ...variables }, signal);
  const failure =
    code === 0 || signal.aborted
      ? undefined
      : new UnprovenError('handler-ended', `The handler of ${entry.name} ended with exit code ${code}.`, {
          hint: 'Its last lines above say why; another port may be free.',
        });
  return { outputs: {}, document: { served: failure === undefined }, lines: [], summary: '', failure };
}
