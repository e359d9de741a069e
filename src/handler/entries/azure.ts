import { AsyncLocalStorage } from 'node:async_hooks';
import { app as azure, type InvocationContext } from '@azure/functions';
import { sinceStart } from '../clock.ts';
import { openApp } from '../http/open-app.ts';
import { createHttpHandler, readAuthLevel } from '../platforms/azure/function.ts';
import { writeToInvocation } from '../platforms/azure/log.ts';
import { isSessionThread } from '../session/session-thread.ts';
import { openWorkerSession } from '../session/worker-session.ts';

/** Azure Functions v4: registers one function for every path. Loads new versions in itself, as a worker. */
async function register(): Promise<void> {
  const { env } = process;
  const invocation = new AsyncLocalStorage<InvocationContext>();
  const write = writeToInvocation(
    () => invocation.getStore(),
    (line) => void process.stdout.write(`${line}\n`),
  );
  const openNext = openWorkerSession(new URL(import.meta.url));
  const { app } = await openApp({ variables: env, initMs: sinceStart(), write, openNext, isolate: true });
  const handler = createHttpHandler(app);
  void app.warm();
  azure.http('coldgate', {
    // All of them: what is not answered is refused by the application, in its own words.
    methods: ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'],
    route: '{*path}',
    authLevel: readAuthLevel(env['COLDGATE_AZURE_AUTH']),
    handler: (request, context) => invocation.run(context, () => handler(request, context)),
  });
}

if (!isSessionThread()) await register();
else await (await import('../session/session-worker.ts')).serveSession();
