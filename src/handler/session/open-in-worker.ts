import { LoadError } from '../model/load-error.ts';
import type { OpenSession, Session, Tensors } from './session.ts';
import { SessionLost } from './session-lost.ts';
import { sessionThread } from './session-thread.ts';
import { type Opened, WorkerLine } from './worker-line.ts';

/** How long a model may take to load in a worker, ms: the longest that a platform gives a start, and more than any needs. */
const openTimeoutMs = 600_000;

/** See `openWorkerSession`. */
export async function openInWorker(
  entry: string | URL,
  ...[file, threads, runTimeoutMs]: Parameters<OpenSession>
): Promise<Session> {
  // Not by import: node.cjs runs its part as a script, in which that is an experiment of Node's, with a warning.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const worker = new Worker(entry, { argv: [sessionThread], stdout: false, stderr: false });
  const line = new WorkerLine(worker, { open: openTimeoutMs, run: runTimeoutMs });
  try {
    const { inputs, outputs, thread } = (await line.ask({ do: 'open', file, threads })) as Opened;
    line.thread = thread;
    return sessionOf(line, { inputs, outputs });
  } catch (error) {
    line.end();
    throw error instanceof SessionLost
      ? new LoadError('session-lost', `Its thread ended while it loaded. ${error.message}`)
      : error;
  }
}

function sessionOf(line: WorkerLine, tensors: Pick<Session, 'inputs' | 'outputs'>): Session {
  return {
    ...tensors,
    lost: line.lost,
    run: async (feeds, outputs) => (await line.ask({ do: 'run', feeds: ownBytes(feeds), outputs })) as Tensors,
    close: async () => {
      // One that is lost has nothing to close any more.
      await line.ask({ do: 'close' }).catch(() => {});
      line.end();
    },
  };
}

/** A clone copies the whole buffer behind a view: the body of the request, or a slab that Node reads into. */
function ownBytes(feeds: Tensors): Tensors {
  for (const { data } of feeds.values()) {
    if (ArrayBuffer.isView(data) && data.byteLength < data.buffer.byteLength) {
      return new Map([...feeds].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));
    }
  }
  return feeds;
}
