import type { Worker } from 'node:worker_threads';
import type { TensorInfo } from '../model/manifest.ts';
import { LoadError, type LoadErrorCode } from './load-error.ts';
import { RunError } from './run-error.ts';
import type { ModelFile, OpenSession, Session, Tensors } from './session.ts';
import { sessionThread } from './session-thread.ts';

/** What the worker is asked. Tensors travel as structured clones: cheaper than a run for all but the smallest models. */
export type WorkerRequest =
  | { id: number; do: 'open'; file: ModelFile; threads: number | undefined }
  | { id: number; do: 'run'; feeds: Tensors; outputs: readonly string[] | undefined }
  | { id: number; do: 'close' };

export type WorkerAnswer =
  | { id: number; ok: { inputs: readonly TensorInfo[]; outputs: readonly TensorInfo[] } | Tensors | undefined }
  | { id: number; loadError: { code: LoadErrorCode; message: string } }
  | { id: number; runError: { operator: string | undefined; node: string | undefined } }
  | { id: number; unexpected: string };

type Ask = WorkerRequest extends infer Request ? (Request extends { id: number } ? Omit<Request, 'id'> : never) : never;

/**
 * Opens sessions in a worker thread each, started from `entry`: creating a session blocks its thread for as long as the
 * model takes, and requests served meanwhile must not wait for that. Later runs stay in the worker, so they do not block
 * the event loop either.
 */
export function openWorkerSession(entry: string | URL): OpenSession {
  return async (file, threads) => {
    // Not by import: node.cjs runs its part as a script, in which that is an experiment of Node's, with a warning.
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    const line = new WorkerLine(new Worker(entry, { argv: [sessionThread], stdout: false, stderr: false }));
    try {
      const names = (await line.ask({ do: 'open', file, threads })) as Pick<Session, 'inputs' | 'outputs'>;
      return {
        ...names,
        run: async (feeds, outputs) => (await line.ask({ do: 'run', feeds, outputs })) as Tensors,
        close: async () => {
          await line.ask({ do: 'close' });
          await line.end();
        },
      };
    } catch (error) {
      await line.end();
      throw error;
    }
  };
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Questions to one worker and their answers; a worker that dies fails what waits and what comes after. */
class WorkerLine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #broken: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    worker.on('error', (error) => this.#break(error));
    worker.on('exit', () => this.#break(new Error('The worker has ended.')));
    worker.unref();
  }

  ask(request: Ask): Promise<unknown> {
    if (this.#broken) return Promise.reject(this.#broken);
    const id = this.#next++;
    // While an answer is awaited the process must stay; between requests it may end.
    if (this.#waiting.size === 0) this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id });
    });
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(answer: WorkerAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if ('ok' in answer) waiting?.resolve(answer.ok);
    else waiting?.reject(toError(answer));
  }

  #break(error: Error): void {
    this.#broken ??= error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}

function toError(answer: Exclude<WorkerAnswer, { ok: unknown }>): Error {
  if ('loadError' in answer) return new LoadError(answer.loadError.code, answer.loadError.message);
  if ('runError' in answer) return new RunError(answer.runError.operator, answer.runError.node);
  return new Error(answer.unexpected);
}
