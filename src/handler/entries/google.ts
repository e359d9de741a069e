import { sinceStart } from '../clock.ts';
import { createHttpFunction, type HttpFunction } from '../google/function.ts';
import { keepBodiesRaw } from '../google/raw-body.ts';
import { googleForm } from '../log-forms/google.ts';
import { openApp } from '../open-app.ts';
import { isSessionThread } from '../session-thread.ts';
import { openWorkerSession } from '../worker-session.ts';

/** Cloud Functions gen2, entry point `coldgate`. Loads new versions in itself, as a worker. */
async function open(): Promise<HttpFunction> {
  const { env } = process;
  // What fails in the framework itself is answered with its stack anywhere else.
  env['NODE_ENV'] ||= 'production';
  keepBodiesRaw();
  const { app } = await openApp({
    variables: env,
    initMs: sinceStart(),
    write: (line) => void process.stdout.write(`${line}\n`),
    logForm: googleForm(env['GOOGLE_CLOUD_PROJECT'] || env['GCLOUD_PROJECT'] || undefined),
    openNext: openWorkerSession(new URL(import.meta.url)),
    isolate: true,
  });
  // While the processor is still boosted: Cloud Run boosts it until some seconds after the port is open.
  void app.warm();
  return createHttpFunction(app);
}

const opened = isSessionThread() ? undefined : await open();
if (!opened) await (await import('../session-worker.ts')).serveSession();

export const coldgate: HttpFunction = async (request, response) => opened?.(request, response);
