import { sinceStart } from '../clock.ts';
import { openApp } from '../http/open-app.ts';
import { createLambda, type LambdaDeps } from '../platforms/aws/lambda.ts';
import type { StreamRuntime } from '../platforms/aws/stream.ts';
import { emfForm } from '../platforms/log-forms/emf.ts';
import { isSessionThread } from '../session/session-thread.ts';
import { openWorkerSession } from '../session/worker-session.ts';

/** AWS Lambda, `lambda.handler`. Loads new versions in itself, as a worker. */
async function open(): Promise<unknown> {
  const { env } = process;
  // At once: Lambda freezes the process when an answer is out.
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const openNext = openWorkerSession(new URL(import.meta.url));
  const { app, settings, desk } = await openApp({
    variables: env,
    initMs: sinceStart(),
    write,
    logForm: emfForm,
    openNext,
    // One request at a time, each bounded by the function's timeout.
    isolate: false,
    openQueue: async (place, variables) => (await import('../platforms/aws/queue.ts')).openQueue(place, variables),
  });
  // Provisioned instances are initialised before any request, with minutes for it. Others have ten seconds, and may be
  // frozen for long with a download half done.
  if (env['AWS_LAMBDA_INITIALIZATION_TYPE'] === 'provisioned-concurrency') await app.warm();
  // What uploads and messages need is read when one comes, so that requests do not pay for it.
  const deps: LambdaDeps = {
    app,
    xray: () => env['_X_AMZN_TRACE_ID'],
    async upload(records) {
      const { createUpload } = await import('../platforms/aws/upload.ts');
      const objects = async () => (await import('../objects/s3.ts')).openObjects(env);
      return createUpload({ app, objects, write, variables: env, limit: settings.maxPayloadBytes })(records);
    },
    async messages(records, context) {
      const { createMessages } = await import('../platforms/aws/messages.ts');
      return createMessages({ app, desk, write, form: emfForm })(records, context);
    },
  };
  if (env['COLDGATE_RESPONSE_STREAM'] !== 'true') return createLambda(deps);
  const { awslambda } = globalThis as { awslambda?: StreamRuntime };
  if (!awslambda) throw new Error("COLDGATE_RESPONSE_STREAM needs Lambda's own runtime for Node, which has awslambda.");
  return (await import('../platforms/aws/stream.ts')).createStreaming(deps, awslambda);
}

const opened = isSessionThread() ? undefined : await open();
if (!opened) await (await import('../session/session-worker.ts')).serveSession();

/** Of two parameters and no more, which the runtime counts; marked by the runtime itself where it streams. */
export const handler = opened;
