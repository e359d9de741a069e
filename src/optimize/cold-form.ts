import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeVersion } from '../handler/session/runtime.ts';
import type { FormJob, MadeForm } from './jobs.ts';
import { withoutShapes } from './without-shapes.ts';
import { readOptimized, writeOptimized } from './write-optimized.ts';

/**
 * Writes the model in ORT format, optimised up to `extended`, the highest level that is right on every CPU. The same
 * graph is written as ONNX too, where its nodes can be read, looked through, and removed again. Its inputs have no shapes;
 * who opens it says what the model declares. So its name ends otherwise than that of earlier releases, whose functions do
 * not say that. Throws LoadError `model-unusable`, IntegrityError `hardware-bound`.
 */
export async function writeColdForm({ model, folder, out }: FormJob): Promise<MadeForm> {
  const path = join(out, `cold-${runtimeVersion}.ortm`);
  const twin = join(out, `.cold-${runtimeVersion}.onnx`);
  await rm(path, { force: true });
  try {
    await writeOptimized({ model, folder, path, format: 'ORT', level: 'extended' });
    await writeOptimized({ model, folder, path: twin, format: 'ONNX', level: 'extended' });
    const head = await readOptimized(twin);
    withoutShapes(path);
    return { level: 'extended', head, files: [path] };
  } finally {
    await rm(twin, { force: true });
  }
}
