import { spawn } from 'node:child_process';
import { totalmem } from 'node:os';
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
  /** The child is killed after this, ms; by default after five minutes. */
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
 * Does the job in a child process, because native code can crash its process on a bad model, or never return. The child
 * ends with this process, however that ends. Throws what the job throws, rebuilt, and IntegrityError
 * `optimizer-crashed`, `optimizer-timeout` or `optimizer-memory`.
 */
export async function runInChild<J extends Job>(job: J, options: ChildOptions): Promise<JobResults[J['do']]> {
  const { code, signal, out, noise, late } = await run(job, options);
  options.signal?.throwIfAborted();
  const { timeoutMs = usualMs, memoryBytes = totalmem(), advice: hint } = options;
  if (late) {
    const message = `Working on ${job.model} took longer than ${timeoutMs / 1000} s, and was stopped.`;
    throw new IntegrityError('optimizer-timeout', message, { hint });
  }
  const answer = parse(out);
  if (signal && answer && 'error' in answer && answer.error.code === 'optimizer-memory') {
    const bound = Math.round(memoryBytes / 1024 / 1024);
    const message = `Working on ${job.model} took more than ${bound} MiB of memory, and was stopped.`;
    throw new IntegrityError('optimizer-memory', message, { hint });
  }
  if (!answer) {
    const how = signal ? `by signal ${signal}` : `with exit code ${code}`;
    throw new IntegrityError('optimizer-crashed', `The runtime ended ${how} on ${job.model}.`, {
      hint: 'The model file may be damaged or need more memory than there is, or the runtime files may be of another platform.',
      data: { stderr: noise },
    });
  }
  if ('result' in answer) return answer.result as JobResults[J['do']];
  const { error } = answer;
  const data = error.data as Record<string, unknown> | undefined;
  throw new ColdgateError(error.code, error.exit, error.message, { hint: error.hint, data });
}

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  noise: string;
  late: boolean;
}

function run(
  job: Job,
  { entry, env, signal, timeoutMs = usualMs, memoryBytes = totalmem() }: ChildOptions,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const bounds: Bounds = { parent: process.pid, memoryBytes };
    const child = spawn(process.execPath, [entry, JSON.stringify(job), JSON.stringify(bounds)], {
      env: { ...env, ORT_DISABLE_TELEMETRY: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let noise = '';
    let late = false;
    const kill = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, timeoutMs);
    signal?.addEventListener('abort', kill);
    if (signal?.aborted) kill();
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      noise = (noise + text).slice(-maxNoise);
    });
    const done = (how: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      how();
    };
    child.on('error', (error) => done(() => reject(error)));
    child.on('close', (code, by) => done(() => resolve({ code, signal: by, out, noise, late })));
  });
}

/** The last line: native code may have printed others before. */
function parse(out: string): JobAnswer | undefined {
  try {
    return JSON.parse(out.trim().split('\n').at(-1) ?? '') as JobAnswer;
  } catch {
    return undefined;
  }
}
