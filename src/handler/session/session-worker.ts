import { readlinkSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { LoadError } from '../model/load-error.ts';
import { isLarge } from '../tensors/tensors-out.ts';
import { type LoadedSession, openSession } from './open-session.ts';
import { RunError } from './run-error.ts';
import type { WorkerRequest } from './worker-line.ts';

/** The worker's side: one session, its questions answered in the order in which they come. */
export async function serveSession(): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('This is the side that runs in a worker thread.');
  let session: LoadedSession | undefined;
  const open = async ({ file, threads }: WorkerRequest & { do: 'open' }): Promise<unknown> => {
    session = await openSession(file, threads);
    return { inputs: session.inputs, outputs: session.outputs, thread: systemThread() };
  };
  const answer = (request: WorkerRequest): unknown => {
    if (request.do === 'open') return open(request);
    // At once: nothing else waits for this thread.
    if (request.do === 'run') {
      const found = session?.runNow(request.feeds, request.outputs);
      if (found && isLarge([request.feeds, found])) tidyUp();
      return found;
    }
    return session?.close();
  };
  port.on('message', (request: WorkerRequest) => {
    const { id } = request;
    const refuse = (error: unknown): void => port.postMessage({ id, ...toAnswer(error) });
    try {
      const ok = answer(request);
      if (ok instanceof Promise) ok.then((done: unknown) => port.postMessage({ id, ok: done }), refuse);
      else port.postMessage({ id, ok });
    } catch (error) {
      refuse(error);
    }
  });
}

/** Nothing is done between two questions. */
const tidyUp = (): void => void import('../http/collect.ts').then(({ collectWhenIdle }) => collectWhenIdle(() => true));

/** The system's id of this thread; available only on Linux. */
function systemThread(): number | undefined {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1)) || undefined;
  } catch {
    return undefined;
  }
}

function toAnswer(error: unknown): Record<string, unknown> {
  if (error instanceof RunError) return { runError: { operator: error.operator, node: error.node } };
  if (error instanceof LoadError) return { loadError: { code: error.code, message: error.message } };
  return { unexpected: error instanceof Error ? error.message : String(error) };
}
