import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runtimeVersion } from '../handler/runtime.ts';
import { type MovedWeights, splitWeights } from './split-weights.ts';

/**
 * Writes the model with its weights in a file beside it, where the runtime maps them instead of parsing and copying; the
 * graph is untouched, so answers and warm speed are the original's. The weights' file is named by its digest, as the
 * handler's cache names it. Answers the graph's path, then the weights'; nothing where there are no weights to move.
 * Throws IntegrityError `model-invalid` or `artifact-unsupported`.
 */
export async function writeSteadyForm(job: { model: string; out: string }): Promise<string[]> {
  const model = await readFile(job.model);
  const location = Buffer.alloc(64 + '.bin'.length);
  const { pieces, moved } = splitWeights(model, location);
  if (moved.length === 0) return [];
  const hash = createHash('sha256');
  for (const chunk of inOrder(moved)) hash.update(chunk);
  // The pieces hold this very buffer, so the name appears in all of them now.
  location.write(`${hash.digest('hex')}.bin`, 'latin1');
  const graph = join(job.out, `steady-${runtimeVersion}.onnx`);
  const weights = join(job.out, location.toString('latin1'));
  await pipeline(Readable.from(inOrder(moved)), createWriteStream(weights));
  await pipeline(Readable.from(pieces), createWriteStream(graph));
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
