import { sinceStart } from '../clock.ts';
import { noticeFreezes } from '../freezes.ts';
import { createHttpFunction, type HttpFunction } from '../google/function.ts';
import { loadFirstMs } from '../google/load-first.ts';
import { keepBodiesRaw } from '../google/raw-body.ts';
import { loadAhead } from '../load-ahead.ts';
import { googleForm, googleProject } from '../log-forms/google.ts';
import { openApp } from '../open-app.ts';
import { isSessionThread } from '../session-thread.ts';
import { openWorkerSession } from '../worker-session.ts';

/**
 * Cloud Run functions, entry point `coldgate`. Loads new versions in itself, as a worker. The framework listens when this
 * module has been evaluated, which is when the model is loaded.
 */
async function open(): Promise<HttpFunction> {
  const { env } = process;
  // What fails in the framework itself is answered with its stack anywhere else.
  env['NODE_ENV'] ||= 'production';
  env['COLDGATE_REVISION'] ||= env['K_REVISION'] ?? '';
  noticeFreezes();
  keepBodiesRaw();
  const { app } = await openApp({
    variables: env,
    initMs: sinceStart(),
    write: (line) => void process.stdout.write(`${line}\n`),
    logForm: googleForm(googleProject(env)),
    openNext: openWorkerSession(new URL(import.meta.url)),
    isolate: true,
  });
  await loadAhead(app, loadFirstMs);
  return createHttpFunction(app);
}

const opened = isSessionThread() ? undefined : await open();
if (!opened) await (await import('../session-worker.ts')).serveSession();

export const coldgate: HttpFunction = async (request, response) => opened?.(request, response);
