import { join } from 'node:path';
import type { CheckResult, MadeArtifact, OptimizeJob } from '../../optimize/jobs.ts';
import { runInChild } from '../../optimize/run-in-child.ts';
import { prepareTools } from '../../package/tools.ts';
import type { Context } from '../verb.ts';
import { checkBounds } from './check-bounds.ts';

async function child(context: Context) {
  const { handlerDir, cacheDir, log, sharedCache, signal, env } = context;
  const bounds = checkBounds(context);
  const tools = await prepareTools({ handlerDir, cacheDir, log, sharedCache, signal });
  // No more than it needs, since models are untrusted; by the last one a runner finds it when it cleans up after a job.
  const names = ['PATH', 'HOME', 'TMPDIR', 'RUNNER_TRACKING_ID'];
  const few = Object.fromEntries(names.map((name) => [name, env[name]]));
  return { entry: join(tools, 'optimize.mjs'), env: few, signal, ...bounds };
}

/** Loads the model on this machine, in a separate process, and runs the sample where there is one. */
export async function checkModel(model: string, sample: string | undefined, context: Context): Promise<CheckResult> {
  return runInChild({ do: 'check', model, sample }, await child(context));
}

/** Makes the load-optimised form of a model. Throws what the optimiser does: parity above tolerance, a crash. */
export async function makeArtifacts(job: Omit<OptimizeJob, 'do'>, context: Context): Promise<MadeArtifact[]> {
  return (await runInChild({ do: 'optimize', ...job }, await child(context))).artifacts;
}
