import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeVersion } from '../handler/session/runtime.ts';
import type { FormJob, MadeForm } from './jobs.ts';
import { readOptimized, writeOptimized } from './write-optimized.ts';

/**
 * Writes the model in ORT format, optimised up to `extended`, the highest level that is right on every CPU. The same
 * graph is written as ONNX too, where its nodes can be read, looked through, and removed again. Throws LoadError
 * `model-unusable`, IntegrityError `hardware-bound`.
 */
export async function writeColdForm({ model, folder, out }: FormJob): Promise<MadeForm> {
  const path = join(out, `cold-${runtimeVersion}.ort`);
  const twin = join(out, `.cold-${runtimeVersion}.onnx`);
  await rm(path, { force: true });
  try {
    await writeOptimized({ model, folder, path, format: 'ORT', level: 'extended' });
    await writeOptimized({ model, folder, path: twin, format: 'ONNX', level: 'extended' });
    const head = await readOptimized(twin);
    return { level: 'extended', head, files: [path] };
  } finally {
    await rm(twin, { force: true });
  }
}
