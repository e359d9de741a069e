import { sinceStart } from '../clock.ts';
import { noticeFreezes } from '../freezes.ts';
import { openApp } from '../http/open-app.ts';
import { loadAhead } from '../model/load-ahead.ts';
import { endsAfter } from '../platforms/google/end-after.ts';
import { createHttpFunction, type HttpFunction } from '../platforms/google/function.ts';
import { loadFirstMs } from '../platforms/google/load-first.ts';
import { keepBodiesRaw } from '../platforms/google/raw-body.ts';
import { googleForm, googleProject } from '../platforms/log-forms/google.ts';
import { isSessionThread } from '../session/session-thread.ts';
import { openWorkerSession } from '../session/worker-session.ts';

/**
 * Cloud Run functions, entry point `coldgate`. Loads new versions in itself, as a worker. The framework listens when this
 * module has been evaluated, which is when the model is loaded.
 */
async function open(): Promise<HttpFunction> {
  const { env } = process;
  // What fails in the framework itself is answered with its stack anywhere else.
  env['NODE_ENV'] ||= 'production';
  env['COLDGATE_REVISION'] ||= env['K_REVISION'] ?? '';
  endsAfter(env['COLDGATE_END_KEY']);
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
if (!opened) await (await import('../session/session-worker.ts')).serveSession();

export const coldgate: HttpFunction = async (request, response) => opened?.(request, response);
