import { AsyncLocalStorage } from 'node:async_hooks';
import { app as azure, type InvocationContext } from '@azure/functions';
import { plainForm } from '../http/log-form.ts';
import { openApp } from '../http/open-app.ts';
import { once } from '../model/once.ts';
import { createHttpHandler, readAuthLevel } from '../platforms/azure/function.ts';
import { writeToInvocation } from '../platforms/azure/log.ts';
import { createQueueHandler } from '../platforms/azure/messages.ts';
import { readStart } from '../platforms/azure/start.ts';
import { type RequestHandler, startFailed } from '../platforms/azure/start-failed.ts';
import type { OpenQueue } from '../queue/open-desk.ts';
import type { Work } from '../queue/queue.ts';
import { isSessionThread } from '../session/session-thread.ts';
import { openWorkerSession } from '../session/worker-session.ts';

const { COLDGATE_QUEUE: _, ...withoutQueue } = process.env;
/** A slot beside what is live has all of its settings, which go along when the two change places, and no queue. */
const env = process.env['COLDGATE_QUEUE_OFF'] ? withoutQueue : process.env;
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
  const level = readAuthLevel(env['COLDGATE_AZURE_AUTH']);
  const opened = Promise.resolve().then(() => open(level.problem));
  const handler = createHttpHandler(opened.then((found) => found.handler));
  azure.http('coldgate', {
    // All of them: what is not answered is refused by the application, in its own words.
    methods: ['GET', 'HEAD', 'POST', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'],
    route: '{*path}',
    authLevel: level.level,
    handler: (request, context) => invocation.run(context, () => handler(request, context)),
  });
  if (env['COLDGATE_QUEUE']) registerQueue(env['COLDGATE_QUEUE'], opened);
}

/** A function of its own, which scales by the length of the queue; where there is one alone. */
function registerQueue(place: string, opened: Promise<Opened>): void {
  const take = createQueueHandler(async () => {
    const { worker } = await opened;
    if (!worker) throw new Error('The function cannot start; its answers say why.');
    return worker();
  });
  azure.storageQueue('queue', {
    queueName: place.split('/').at(-1) ?? '',
    // The first part of settings: COLDGATE_QUEUE_HOST__queueServiceUri and others.
    connection: 'COLDGATE_QUEUE_HOST',
    handler: (entry, context) => invocation.run(context, () => take(entry, context)),
  });
}

interface Opened {
  handler: RequestHandler;
  /** Does the work of messages; undefined where the function has no queue or could not start. */
  worker?: (() => Promise<Work>) | undefined;
}

/** The application, or what answers in its place with the reason why there is none. Never rejects. */
async function open(problem: string | undefined): Promise<Opened> {
  const { initMs, facts } = readStart(env, import.meta.dirname);
  const openNext = openWorkerSession(new URL(import.meta.url));
  const openQueue: OpenQueue = async (place, variables) =>
    (await import('../platforms/azure/storage-queue.ts')).openStorageQueue(place, variables);
  try {
    const own = { openNext, isolate: true, problem, openQueue };
    const { app, settings, desk } = await openApp({ variables: env, initMs, facts, write, ...own });
    void app.warm();
    const worker =
      desk &&
      once(async () => (await import('../queue/work.ts')).createWorker({ app, desk, write, form: plainForm }).work);
    // Read where uploads are answered alone.
    if (!env['COLDGATE_BATCH_BUCKET']) return { handler: app, worker };
    const { withUploads } = await import('../platforms/azure/uploads.ts');
    return { handler: withUploads(app, { variables: env, write, limit: settings.maxPayloadBytes }), worker };
  } catch (error) {
    return { handler: startFailed(error, { ...facts, revision: env['COLDGATE_REVISION'] ?? null }, write) };
  }
}

if (!isSessionThread()) register();
else await (await import('../session/session-worker.ts')).serveSession();
