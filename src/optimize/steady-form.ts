import { createReadStream, createWriteStream } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runtimeVersion } from '../handler/session/runtime.ts';
import { Hashing } from '../model/digest.ts';
import { readModelHead } from '../onnx/read-head.ts';
import type { FormJob, MadeForm } from './jobs.ts';
import { type MovedWeights, splitWeights } from './split-weights.ts';
import { type Level, readOptimized, writeOptimized } from './write-optimized.ts';

/**
 * Writes the model as ONNX, optimised as far as is valid for every CPU, with its weights in a separate file, which the
 * runtime maps instead of parsing and copying. Optimisations for its own CPU the runtime makes when it loads the form,
 * as for the original: so results and warm speed are the original's. The weights' file is named by its digest, as the
 * handler's cache names it; without weights to move there is none. Throws LoadError `model-unusable`, IntegrityError
 * `model-invalid`, `hardware-bound` or `artifact-unsupported`.
 */
export async function writeSteadyForm({ model, folder, out }: FormJob): Promise<MadeForm> {
  const level = await levelOf(model);
  const whole = join(out, `.steady-${runtimeVersion}.onnx`);
  try {
    await writeOptimized({ model, folder, path: whole, format: 'ONNX', level });
    const head = await readOptimized(whole);
    return { level, head, files: await split(whole, out, folder ?? dirname(model)) };
  } finally {
    await rm(whole, { force: true });
  }
}

/** The runtime fuses quantised nodes in one way for x64 and in another one for arm64, so that is left to where it runs. */
const quantized = /^(?:(?:De|Dynamic)?Quantize|QLinear|QAttention|QGemm|MatMulInteger|ConvInteger)/;

async function levelOf(model: string): Promise<Level> {
  const { operators } = await readModelHead(model);
  return operators.some((operator) => quantized.test(operator)) ? 'basic' : 'extended';
}

/** Returns the graph's path, then the weights'. @param folder of the original model */
async function split(whole: string, out: string, folder: string): Promise<string[]> {
  const location = Buffer.alloc(64 + '.bin'.length);
  const { pieces, moved } = splitWeights(await readFile(whole), location, folder);
  const hashing = new Hashing();
  const draft = join(out, `.steady-${runtimeVersion}.bin`);
  await pipeline(Readable.from(hashing.through(inOrder(moved))), createWriteStream(draft));
  // The pieces hold this very buffer, so the name appears in all of them now.
  location.write(`${hashing.sha256}.bin`, 'latin1');
  const graph = join(out, `steady-${runtimeVersion}.onnx`);
  await pipeline(Readable.from(pieces), createWriteStream(graph));
  const weights = join(out, location.toString('latin1'));
  await rename(draft, weights);
  if (moved.length > 0) return [graph, weights];
  await rm(weights);
  return [graph];
}

/** The weights with the gaps between them. */
async function* inOrder(moved: readonly MovedWeights[]): AsyncGenerator<Buffer> {
  let position = 0;
  for (const { source, offset, length } of moved) {
    if (offset > position) yield Buffer.alloc(offset - position);
    if (Buffer.isBuffer(source)) yield source;
    else yield* createReadStream(source.path, { start: source.start, end: source.start + length - 1 });
    position = offset + length;
  }
}
