import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { totalmem } from 'node:os';
import { createInterface } from 'node:readline';
import { ColdgateError, IntegrityError } from '../errors.ts';
import type { JobAnswer } from './answer-job.ts';
import type { Job, JobResults } from './jobs.ts';
import type { Bounds } from './watchdog.ts';

export interface ChildOptions {
  /** `optimize.mjs` in a folder that holds the native runtime files too. */
  entry: string;
  /** What the child may know of the environment; PATH and the like. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  signal?: AbortSignal | undefined;
  /** The child is killed when one job takes longer than this, ms; by default five minutes. */
  timeoutMs?: number | undefined;
  /** It ends when it holds more than this, bytes; by default the machine's memory. */
  memoryBytes?: number | undefined;
  /** What to set for more, for the errors at these bounds. */
  advice?: string | undefined;
}

const usualMs = 300_000;
/** Of what the runtime prints, for the error of a child that died. */
const maxNoise = 4096;

/**
 * Does one job in a child process of its own. Throws what the job throws, rebuilt, and IntegrityError
 * `optimizer-crashed`, `optimizer-timeout` or `optimizer-memory`.
 */
export async function runInChild<J extends Job>(job: J, options: ChildOptions): Promise<JobResults[J['do']]> {
  const child = new ModelChild(options);
  try {
    return await child.work(job);
  } finally {
    await child.end();
  }
}

/** How a child ended without an answer. */
interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/**
 * A child process that works on models, one job after the other, because native code can crash its process on a bad
 * model, or never return. The child ends with this process, however that ends.
 */
export class ModelChild {
  readonly #options: ChildOptions;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #closed: Promise<Ended>;
  #noise = '';
  #answer: ((answer: JobAnswer) => void) | undefined;
  #isOver = false;

  constructor(options: ChildOptions) {
    this.#options = options;
    const { entry, env, memoryBytes = totalmem() } = options;
    const bounds: Bounds = { parent: process.pid, memoryBytes };
    const child = spawn(process.execPath, [entry, '-', JSON.stringify(bounds)], {
      env: { ...env, ORT_DISABLE_TELEMETRY: '1' },
    });
    this.#child = child;
    this.#closed = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        this.#isOver = true;
        resolve({ code, signal });
      });
    });
    // Whoever gave it work learns it by the failure of that.
    this.#closed.catch(() => {});
    // One that is gone takes no job, which its end explains.
    child.stdin.on('error', () => {});
    createInterface(child.stdout).on('line', (line) => {
      const answer = parse(line);
      if (answer) this.#answer?.(answer);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#noise = (this.#noise + text).slice(-maxNoise);
    });
  }

  /** Whether it can take no more jobs. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Not before the last job is done. Throws as `runInChild`; the child is over after any of the three that are its own. */
  async work<J extends Job>(job: J): Promise<JobResults[J['do']]> {
    const { signal, timeoutMs = usualMs, memoryBytes = totalmem(), advice: hint } = this.#options;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#kill();
    }, timeoutMs);
    const stop = (): void => this.#kill();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    try {
      const answered = new Promise<JobAnswer>((resolve) => {
        this.#answer = resolve;
      });
      this.#child.stdin.write(`${JSON.stringify(job)}\n`);
      const found = await Promise.race([answered, this.#closed]);
      signal?.throwIfAborted();
      if ('result' in found) return found.result as JobResults[J['do']];
      if ('error' in found && found.error.code !== 'optimizer-memory') throw rebuilt(found);
      const what = `Working on ${job.model} took`;
      if (late) {
        const message = `${what} longer than ${timeoutMs / 1000} s, and was stopped.`;
        throw new IntegrityError('optimizer-timeout', message, { hint });
      }
      if (!('error' in found)) throw this.#crashed(job, found);
      const bound = Math.round(memoryBytes / 1024 / 1024);
      const message = `${what} more than ${bound} MiB of memory, and was stopped.`;
      throw new IntegrityError('optimizer-memory', message, { hint });
    } finally {
      this.#answer = undefined;
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Returns when it is gone. */
  async end(): Promise<void> {
    this.#kill();
    await this.#closed.catch(() => {});
  }

  #kill(): void {
    this.#isOver = true;
    this.#child.kill('SIGKILL');
  }

  #crashed({ model }: Job, { code, signal }: Ended): IntegrityError {
    const how = signal ? `by signal ${signal}` : `with exit code ${code}`;
    return new IntegrityError('optimizer-crashed', `The runtime ended ${how} on ${model}.`, {
      hint: 'The model file may be damaged or need more memory than there is, or the runtime files may be of another platform.',
      data: { stderr: this.#noise },
    });
  }
}

function rebuilt({ error }: Extract<JobAnswer, { error: unknown }>): ColdgateError {
  const data = error.data as Record<string, unknown> | undefined;
  return new ColdgateError(error.code, error.exit, error.message, { hint: error.hint, data });
}

/** Undefined for other lines, which native code may print. */
function parse(line: string): JobAnswer | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const answer = JSON.parse(line) as JobAnswer;
    return 'result' in answer || 'error' in answer ? answer : undefined;
  } catch {
    return undefined;
  }
}
