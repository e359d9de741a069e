import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../model/digest.ts';
import { tokenizerFormat } from '../model/task.ts';
import { compiledFrom } from './job-task.ts';
import type { MadeArtifact, TokenizerJob } from './jobs.ts';

/** Writes the compiled tokenizer, without which a version with its task is not published. Throws as `compiledFrom`. */
export async function writeTokenizer({ model, out }: TokenizerJob): Promise<MadeArtifact> {
  const bytes = await compiledFrom(model);
  const name = `tokenizer-${tokenizerFormat}.bin`;
  const source = join(out, name);
  await mkdir(out, { recursive: true });
  await writeFile(source, bytes);
  const entry = {
    path: `artifacts/${name}`,
    sha256: sha256(bytes),
    size: bytes.byteLength,
    kind: 'tokenizer' as const,
    runtime_version: tokenizerFormat,
    optimization: 'none' as const,
    parity: { max_relative: 0, max_absolute: 0 },
  };
  return { entry, source, required: true };
}
