import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { IntegrityError } from '../errors.ts';
import { runtimeVersion } from '../handler/session/runtime.ts';
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
export async function writeSteadyForm({ model, out }: FormJob): Promise<MadeForm> {
  const level = await levelOf(model);
  const whole = join(out, `.steady-${runtimeVersion}.onnx`);
  try {
    await writeOptimized({ model, path: whole, format: 'ONNX', level });
    const head = await readOptimized(whole);
    return { level, head, files: await split(whole, out) };
  } finally {
    await rm(whole, { force: true });
  }
}

/** The runtime fuses quantised nodes in one way for x64 and in another one for arm64, so that is left to where it runs. */
const quantized = /^(?:(?:De|Dynamic)?Quantize|QLinear|QAttention|QGemm|MatMulInteger|ConvInteger)/;

async function levelOf(model: string): Promise<Level> {
  const { externalData, operators } = await readModelHead(model);
  if (externalData.length > 0) {
    throw new IntegrityError('artifact-unsupported', 'The model keeps its weights in other files already.', {
      hint: 'Publish with `optimize: off` or `optimize: cold`.',
    });
  }
  return operators.some((operator) => quantized.test(operator)) ? 'basic' : 'extended';
}

/** Returns the graph's path, then the weights'. */
async function split(whole: string, out: string): Promise<string[]> {
  const location = Buffer.alloc(64 + '.bin'.length);
  const { pieces, moved } = splitWeights(await readFile(whole), location);
  const hash = createHash('sha256');
  for (const chunk of inOrder(moved)) hash.update(chunk);
  // The pieces hold this very buffer, so the name appears in all of them now.
  location.write(`${hash.digest('hex')}.bin`, 'latin1');
  const graph = join(out, `steady-${runtimeVersion}.onnx`);
  await pipeline(Readable.from(pieces), createWriteStream(graph));
  if (moved.length === 0) return [graph];
  const weights = join(out, location.toString('latin1'));
  await pipeline(Readable.from(inOrder(moved)), createWriteStream(weights));
  return [graph, weights];
}

/** The weights with the gaps between them. */
function* inOrder(moved: readonly MovedWeights[]): Generator<Buffer> {
  let position = 0;
  for (const { bytes, offset } of moved) {
    if (offset > position) yield Buffer.alloc(offset - position);
    yield bytes;
    position = offset + bytes.byteLength;
  }
}
