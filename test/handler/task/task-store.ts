import { sha256 } from '../../../src/model/digest.ts';
import type { Artifact, Manifest } from '../../../src/model/manifest.ts';
import { type TaskSection, tokenizerFormat } from '../../../src/model/task.ts';
import { compileTokenizer } from '../../../src/tokenizer/compile/compile.ts';
import { smallTokenizer, type TextModelShape, textModel, textTensors } from '../../fixtures/text-model.ts';
import type { ModelStore } from '../model/model-store.ts';

export const smallText = {
  tokenizer: 'tokenizer.json',
  max_tokens: 32,
  padding: { id: 3, type: 0, side: 'right' },
  special_in_text: true,
} as const;

/** A compiled tokenizer as publish stores it. */
export function compiledArtifact(source: Uint8Array): { entry: Artifact; bytes: Uint8Array } {
  const bytes = compileTokenizer(source);
  const entry: Artifact = {
    path: `artifacts/tokenizer-${tokenizerFormat}.bin`,
    sha256: sha256(bytes),
    size: bytes.byteLength,
    kind: 'tokenizer',
    runtime_version: tokenizerFormat,
    optimization: 'none',
    parity: { max_relative: 0, max_absolute: 0 },
  };
  return { entry, bytes };
}

/** Publishes the small model of texts with a task, and makes it live. */
export function publishTask(
  store: ModelStore,
  name: string,
  version: string,
  task: TaskSection,
  { shape = {}, sample }: { shape?: TextModelShape; sample?: unknown } = {},
): Manifest {
  const tokenizer = smallTokenizer();
  const manifest = store.publish(name, version, {
    model: textModel(shape),
    ...textTensors(shape),
    files: { 'tokenizer.json': tokenizer },
    artifacts: [compiledArtifact(tokenizer)],
    task,
    ...(sample !== undefined && { sample }),
  });
  store.promote(manifest);
  return manifest;
}
