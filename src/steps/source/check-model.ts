import { join } from 'node:path';
import { ColdgateError } from '../../errors.ts';
import type {
  CheckJob,
  CheckResult,
  MadeArtifact,
  OptimizeJob,
  SampleJob,
  SampleResult,
  TokenizerJob,
} from '../../optimize/jobs.ts';
import { type ChildOptions, ModelChild, runInChild } from '../../optimize/run-in-child.ts';
import { prepareTools } from '../../package/tools.ts';
import type { Context } from '../verb.ts';
import { checkBounds } from './check-bounds.ts';

async function childOptions(context: Context): Promise<ChildOptions> {
  const { handlerDir, cacheDir, log, sharedCache, signal, env } = context;
  const bounds = checkBounds(context);
  const tools = await prepareTools({ handlerDir, cacheDir, log, sharedCache, signal });
  // No more than it needs, since models are untrusted; by the last one a runner finds it when it cleans up after a job.
  const names = ['PATH', 'HOME', 'TMPDIR', 'RUNNER_TRACKING_ID'];
  const few = Object.fromEntries(names.map((name) => [name, env[name]]));
  return { entry: join(tools, 'optimize.mjs'), env: few, signal, ...bounds };
}

/** A model to load, and its sample. */
export type ModelToCheck = Omit<CheckJob, 'do'> & {
  /** Bytes of the model. */
  size: number;
};

/** Loads the model on this machine, in a separate process, and runs the sample where there is one. */
export type CheckModel = (model: ModelToCheck) => Promise<CheckResult>;

/** Larger models each get a process to themselves, one after the other: they may need most of the memory, bytes. */
const sharedBytes = 64 * 1024 * 1024;
/** What the models before it in its process, or those beside it, may have caused. */
const mayBeOthers = new Set(['optimizer-crashed', 'optimizer-memory']);

/**
 * Does the work with checks that may be asked for side by side, `parallel` at once. Small models share processes, since
 * starting one takes longer than checking a model.
 */
export async function withChecks<T>(
  context: Context,
  parallel: number,
  work: (check: CheckModel) => Promise<T>,
): Promise<T> {
  const checks = new Checks(context, parallel);
  try {
    return await work((model) => checks.check(model));
  } finally {
    await checks.end();
  }
}

class Checks {
  readonly #context: Context;
  readonly #parallel: number;
  readonly #children: ModelChild[] = [];
  readonly #idle: ModelChild[] = [];
  #options: Promise<ChildOptions> | undefined;
  /** The last check of a model by itself. */
  #alone: Promise<unknown> = Promise.resolve();

  constructor(context: Context, parallel: number) {
    this.#context = context;
    this.#parallel = parallel;
  }

  async check({ size, ...model }: ModelToCheck): Promise<CheckResult> {
    this.#options ??= childOptions(this.#context);
    const options = await this.#options;
    const job: CheckJob = { do: 'check', ...model };
    if (size <= sharedBytes) {
      try {
        return await this.#shared(job, options);
      } catch (error) {
        if (!(error instanceof ColdgateError && mayBeOthers.has(error.code))) throw error;
      }
    }
    const checked = this.#alone.then(() => runInChild(job, options));
    this.#alone = checked.catch(() => {});
    return checked;
  }

  async #shared(job: CheckJob, options: ChildOptions): Promise<CheckResult> {
    const child = this.#idle.pop() ?? this.#start(options);
    try {
      return await child.work(job);
    } finally {
      if (!child.isOver) this.#idle.push(child);
    }
  }

  /** All of them together keep to the bound of one. */
  #start({ memoryBytes, ...options }: ChildOptions): ModelChild {
    const child = new ModelChild({ ...options, memoryBytes: memoryBytes && memoryBytes / this.#parallel });
    this.#children.push(child);
    return child;
  }

  async end(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.end()));
  }
}

/** The same for one model. */
export async function checkModel({ size: _, ...model }: ModelToCheck, context: Context): Promise<CheckResult> {
  return runInChild({ do: 'check', ...model }, await childOptions(context));
}

/** Runs the model on the inputs, or on made-up ones, and writes a golden sample. Throws what the job does. */
export async function recordSample(job: Omit<SampleJob, 'do'>, context: Context): Promise<SampleResult> {
  return runInChild({ do: 'sample', ...job }, await childOptions(context));
}

/** Compiles the tokenizer of a task. Throws InputError `tokenizer-uncovered`. */
export async function makeTokenizer(job: Omit<TokenizerJob, 'do'>, context: Context): Promise<MadeArtifact> {
  return runInChild({ do: 'tokenizer', ...job }, await childOptions(context));
}

/** Makes the load-optimised form of a model. Throws what the optimiser does: parity above tolerance, a crash. */
export async function makeArtifacts(job: Omit<OptimizeJob, 'do'>, context: Context): Promise<MadeArtifact[]> {
  return (await runInChild({ do: 'optimize', ...job }, await childOptions(context))).artifacts;
}
