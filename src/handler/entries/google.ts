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
import { openTopicLater } from './extras.ts';

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
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const logForm = googleForm(googleProject(env));
  const { app, settings, desk } = await openApp({
    variables: env,
    initMs: sinceStart(),
    ...{ write, logForm, openQueue: openTopicLater },
    openNext: openWorkerSession(new URL(import.meta.url)),
    isolate: true,
  });
  await loadAhead(app, loadFirstMs);
  if (!desk) return createHttpFunction(app);
  const { withPushes } = await import('../platforms/google/pushes.ts');
  const limit = settings.maxPayloadBytes;
  return createHttpFunction(withPushes(app, { variables: env, write, form: logForm, limit, desk }));
}

const opened = isSessionThread() ? undefined : await open();
if (!opened) await (await import('../session/session-worker.ts')).serveSession();

export const coldgate: HttpFunction = async (request, response) => opened?.(request, response);
