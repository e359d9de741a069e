import { parentPort } from 'node:worker_threads';
import { LoadError } from './load-error.ts';
import { openSession } from './open-session.ts';
import { RunError } from './run-error.ts';
import type { Session } from './session.ts';
import type { WorkerRequest } from './worker-session.ts';

/** The worker's side: one session, its questions answered in the order in which they come. */
export async function serveSession(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('This is the side that runs in a worker thread.');
  let session: Session | undefined;
  const answer = async (request: WorkerRequest): Promise<unknown> => {
    if (request.do === 'open') {
      session = await openSession(request.file, request.threads);
      return { inputs: session.inputs, outputs: session.outputs };
    }
    if (request.do === 'run') return session?.run(request.feeds, request.outputs);
    await session?.close();
    return undefined;
  };
  port.on('message', (request: WorkerRequest) => {
    answer(request).then(
      (ok) => port.postMessage({ id: request.id, ok }),
      (error: unknown) => port.postMessage({ id: request.id, ...toAnswer(error) }),
    );
  });
}

function toAnswer(error: unknown): Record<string, unknown> {
  if (error instanceof RunError) return { runError: { operator: error.operator, node: error.node } };
  if (error instanceof LoadError) return { loadError: { code: error.code, message: error.message } };
  return { unexpected: error instanceof Error ? error.message : String(error) };
}
