import { AsyncLocalStorage } from 'node:async_hooks';
import { app as azure, type InvocationContext } from '@azure/functions';
import { openApp } from '../http/open-app.ts';
import { createHttpHandler, readAuthLevel } from '../platforms/azure/function.ts';
import { writeToInvocation } from '../platforms/azure/log.ts';
import { readStart } from '../platforms/azure/start.ts';
import { type Answers, startFailed } from '../platforms/azure/start-failed.ts';
import { isSessionThread } from '../session/session-thread.ts';
import { openWorkerSession } from '../session/worker-session.ts';

const invocation = new AsyncLocalStorage<InvocationContext>();
const write = writeToInvocation(
  () => invocation.getStore(),
  (line) => void process.stdout.write(`${line}\n`),
);

/**
 * Azure Functions v4: registers one function for every path, before anything can fail. Azure's worker takes a module
 * that throws first for one without functions, and reports success. Loads new versions in itself, as a worker.
 */
function register(): void {
  const { env } = process;
  const level = readAuthLevel(env['COLDGATE_AZURE_AUTH']);
  const handler = createHttpHandler(Promise.resolve().then(() => open(level.problem)));
  azure.http('coldgate', {
    // All of them: what is not answered is refused by the application, in its own words.
    methods: ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'],
    route: '{*path}',
    authLevel: level.level,
    handler: (request, context) => invocation.run(context, () => handler(request, context)),
  });
}

/** The application, or what answers in its place with the reason why there is none. Never rejects. */
async function open(problem: string | undefined): Promise<Answers> {
  const { env } = process;
  const { initMs, facts } = readStart(env, import.meta.dirname);
  const openNext = openWorkerSession(new URL(import.meta.url));
  try {
    const opened = await openApp({ variables: env, initMs, facts, write, openNext, isolate: true, problem });
    void opened.app.warm();
    // Read where uploads are answered alone.
    if (!env['COLDGATE_BATCH_BUCKET']) return opened.app;
    const { withUploads } = await import('../platforms/azure/uploads.ts');
    return withUploads(opened.app, { variables: env, write, limit: opened.settings.maxPayloadBytes });
  } catch (error) {
    return startFailed(error, { ...facts, revision: env['COLDGATE_REVISION'] ?? null }, write);
  }
}

if (!isSessionThread()) register();
else await (await import('../session/session-worker.ts')).serveSession();
