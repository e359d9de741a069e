import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { splitWeights } from '../../src/optimize/split-weights.ts';

/** The model again as exporters write it by default: its tensors in `model.onnx.data` beside it. Answers its path. */
export function withExternalData(model: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const data = 'model.onnx.data';
  const { pieces, moved } = splitWeights(readFileSync(model), Buffer.from(data), dirname(model));
  const last = moved.at(-1);
  const bytes = Buffer.alloc(last ? last.offset + last.length : 0);
  for (const { source, offset } of moved) bytes.set(source as Buffer, offset);
  writeFileSync(join(folder, data), bytes);
  writeFileSync(join(folder, 'model.onnx'), Buffer.concat(pieces));
  return join(folder, 'model.onnx');
}
