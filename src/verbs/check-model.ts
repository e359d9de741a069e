import { join } from 'node:path';
import type { CheckResult, MadeArtifact, OptimizeJob } from '../optimize/jobs.ts';
import { runInChild } from '../optimize/run-in-child.ts';
import { prepareTools } from '../package/tools.ts';
import type { Context } from './verb.ts';

async function child(context: Context) {
  const { handlerDir, cacheDir, log, sharedCache, signal, env } = context;
  const tools = await prepareTools({ handlerDir, cacheDir, log, sharedCache, signal });
  const few = { PATH: env['PATH'], HOME: env['HOME'], TMPDIR: env['TMPDIR'] };
  return { entry: join(tools, 'optimize.mjs'), env: few, signal };
}

/** Loads the model on this machine, in a process of its own, and runs the sample where there is one. */
export async function checkModel(model: string, sample: string | undefined, context: Context): Promise<CheckResult> {
  return runInChild({ do: 'check', model, sample }, await child(context));
}

/** Makes the load-optimised form of a model. Throws what the optimiser does: parity above tolerance, a crash. */
export async function makeArtifacts(job: Omit<OptimizeJob, 'do'>, context: Context): Promise<MadeArtifact[]> {
  return (await runInChild({ do: 'optimize', ...job }, await child(context))).artifacts;
}
