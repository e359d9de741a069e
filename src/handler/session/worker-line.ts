import type { Worker } from 'node:worker_threads';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { sinceStart } from '../clock.ts';
import { LoadError, type LoadErrorCode } from '../model/load-error.ts';
import { RunError } from './run-error.ts';
import type { Loss, ModelFile, Tensors } from './session.ts';
import { SessionLost } from './session-lost.ts';

/** What the worker is asked. Tensors travel as structured clones. */
export type WorkerRequest =
  | { id: number; do: 'open'; file: ModelFile; threads: number | undefined }
  | { id: number; do: 'run'; feeds: Tensors; outputs: readonly string[] | undefined }
  | { id: number; do: 'close' };

export type WorkerAnswer =
  | { id: number; ok: Opened | Tensors | undefined }
  | { id: number; loadError: { code: LoadErrorCode; message: string } }
  | { id: number; runError: { operator: string | undefined; node: string | undefined } }
  | { id: number; unexpected: string };

export interface Opened {
  inputs: readonly TensorInfo[];
  outputs: readonly TensorInfo[];
  /** The system's id of the thread, where available. */
  thread: number | undefined;
}

type Ask = WorkerRequest extends infer Request ? (Request extends { id: number } ? Omit<Request, 'id'> : never) : never;

interface Waiting {
  what: WorkerRequest['do'];
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** Nice values go from -20 to 19: an abandoned thread gets only idle time. */
const lowest = 19;

/** Questions to one worker and their answers, in order. A worker that dies or hangs fails what waits and what comes after. */
export class WorkerLine {
  /** The system's number of the worker's thread, once it is known. */
  thread: number | undefined;
  readonly lost: Promise<Loss>;
  readonly #worker: Worker;
  /** ms */
  readonly #limits: { open: number; run: number | undefined };
  readonly #exited: Promise<void>;
  /** By number, in the order asked: the first is what the worker does now. */
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  /** The last question to a worker that was given up. */
  #last: number | undefined;
  /** When the worker began what it does now, ms. */
  #begun = 0;
  #timer: NodeJS.Timeout | undefined;
  #broken: SessionLost | undefined;
  #tellLost: (loss: Loss) => void = () => {};

  constructor(worker: Worker, limits: { open: number; run: number | undefined }) {
    this.#worker = worker;
    this.#limits = limits;
    this.lost = new Promise((resolve) => {
      this.#tellLost = resolve;
    });
    this.#exited = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('message', (answer: WorkerAnswer) => this.#settle(answer));
    worker.on('error', (error) => this.#break(`It failed: ${error.message.split('\n')[0]}`));
    worker.on('exit', () => this.#break('It ended.'));
    worker.unref();
  }

  ask(request: Ask): Promise<unknown> {
    if (this.#broken) return Promise.reject(this.#broken);
    const id = this.#next++;
    // While an answer is awaited the process must stay; between requests it may end.
    if (this.#waiting.size === 0) {
      this.#worker.ref();
      this.#begun = sinceStart();
    }
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { what: request.do, resolve, reject });
      this.#worker.postMessage({ ...request, id });
      if (!this.#timer) this.#watch();
    });
  }

  /**
   * Ends the worker, which must be idle: native code that returns to a terminated thread makes the binding throw
   * uncaught, and that ends the process.
   */
  end(): void {
    this.#broken ??= new SessionLost('ended', 'It was closed.');
    this.#unwatch();
    if (this.#last === undefined) void this.#worker.terminate();
  }

  #settle(answer: WorkerAnswer): void {
    if (answer.id === this.#last) {
      this.#last = undefined;
      this.end();
    }
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (waiting?.what === 'open') this.#unwatch();
    if (this.#waiting.size === 0) this.#worker.unref();
    else this.#begun = sinceStart();
    if ('ok' in answer) waiting?.resolve(answer.ok);
    else waiting?.reject(toError(answer));
  }

  /** One timer at a time, set again only when it has fired: the usual request starts and stops none. */
  #watch(): void {
    const left = this.#left();
    if (left !== undefined) this.#timer = setTimeout(() => this.#look(), Math.max(1, left)).unref();
  }

  #unwatch(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    this.#timer = undefined;
    const left = this.#left();
    if (left !== undefined && left <= 0) this.#expire();
    else this.#watch();
  }

  /** Time left to what the worker does now, ms; undefined where it does nothing, or has no limit. */
  #left(): number | undefined {
    const [first] = this.#waiting.values();
    const limit = first?.what === 'open' ? this.#limits.open : this.#limits.run;
    return first && limit !== undefined ? this.#begun + limit - sinceStart() : undefined;
  }

  #expire(): void {
    const [id, first] = this.#waiting.entries().next().value ?? [];
    if (id === undefined || !first) return;
    this.#waiting.delete(id);
    const why = `A run took longer than ${this.#limits.run} ms.`;
    if (first.what === 'open') first.reject(new LoadError('model-unusable', 'The model did not load in ten minutes.'));
    else first.reject(new SessionLost('timeout', why));
    this.#break(why);
    this.#unwatch();
    // If it comes back, it ends after all that it was asked.
    this.#last = this.#next++;
    this.#worker.postMessage({ do: 'close', id: this.#last });
    this.#yieldTheCore();
  }

  /** A thread that does not return keeps using a core; from here on only idle time. */
  #yieldTheCore(): void {
    if (this.thread === undefined) return;
    try {
      process.getBuiltinModule('node:os').setPriority(this.thread, lowest);
    } catch {
      // It has ended, or the system allows no such thing.
    }
  }

  #break(why: string): void {
    if (this.#broken) return;
    const error = new SessionLost('ended', why);
    this.#broken = error;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
    this.#worker.unref();
    this.#tellLost({ error, threadEnded: this.#exited });
  }
}

/** What a worker refused, as the error that it was there. */
function toError(answer: Exclude<WorkerAnswer, { ok: unknown }>): Error {
  if ('loadError' in answer) return new LoadError(answer.loadError.code, answer.loadError.message);
  if ('runError' in answer) return new RunError(answer.runError.operator, answer.runError.node);
  return new Error(answer.unexpected);
}
