import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { InferenceSession } from 'onnxruntime-common';
import { IntegrityError } from '../errors.ts';
import { toLoadError } from '../handler/load-error.ts';
import { loadRuntime, runtimeVersion } from '../handler/runtime.ts';
import { readModelHead } from '../onnx/read-head.ts';
import type { OptimizeJob } from './jobs.ts';

/** Nodes of this domain are laid out for one kind of CPU: elsewhere they are missing, or answer wrong without an error. */
const blockedLayout = 'com.microsoft.nchwc';

/**
 * Writes the model in ORT format, optimised up to `extended`, the highest level that is right on every CPU. The same
 * graph is written as ONNX too, where its nodes can be read, looked through, and removed again.
 */
export async function writeColdForm(job: Pick<OptimizeJob, 'model' | 'out'>): Promise<string> {
  const path = join(job.out, `cold-${runtimeVersion}.ort`);
  const twin = join(job.out, `.cold-${runtimeVersion}.onnx`);
  await rm(path, { force: true });
  try {
    await writeOptimized(job.model, path, 'ORT');
    await writeOptimized(job.model, twin, 'ONNX');
    await refuseBlockedLayout(twin);
  } finally {
    await rm(twin, { force: true });
  }
  return path;
}

/** Throws IntegrityError `hardware-bound` when a node of the ONNX file is laid out for one kind of CPU. */
export async function refuseBlockedLayout(path: string): Promise<void> {
  const { nodeDomains } = await readModelHead(path);
  if (!nodeDomains.includes(blockedLayout)) return;
  throw new IntegrityError(
    'hardware-bound',
    `The optimised model has nodes of ${blockedLayout}, right on this CPU only.`,
    {
      hint: 'Publish with `optimize: off`, and report the model if you can.',
    },
  );
}

async function writeOptimized(model: string, path: string, format: 'ORT' | 'ONNX'): Promise<void> {
  const runtime = await loadRuntime();
  const options: InferenceSession.SessionOptions = {
    graphOptimizationLevel: 'extended',
    optimizedModelFilePath: path,
    enableMemPattern: false,
    // 3: errors. The runtime warns that optimised models are for this machine, which the look at the nodes settles.
    logSeverityLevel: 3,
    extra: { session: { save_model_format: format } },
  };
  try {
    runtime.open(model, options).dispose();
  } catch (error) {
    throw toLoadError(error, 'model-unusable', `The runtime could not optimise ${model}`);
  }
}
