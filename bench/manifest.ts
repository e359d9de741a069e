import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { denseSizes, writeDenseModel } from '../test/fixtures/onnx.ts';
import { type Goal, msText, type Options, pairs } from './goal.ts';
import { runProcess } from './run-process.ts';

/** Each in a fresh process, timed inside it: what the reader and the runtime need once Node is up. */
const readHead = (model: string) => `
const { readModelHead } = await import(${JSON.stringify(join(import.meta.dirname, '../src/onnx/read-head.ts'))});
const at = performance.now();
await readModelHead(${JSON.stringify(model)});
console.log(performance.now() - at);`;

const openSession = (model: string) => `
const { InferenceSession } = (await import('onnxruntime-node')).default;
const at = performance.now();
await InferenceSession.create(${JSON.stringify(model)});
console.log(performance.now() - at);`;

async function timed(code: string): Promise<number> {
  const args = ['--input-type=module', '--eval', code];
  const env = { ORT_DISABLE_TELEMETRY: '1' };
  return Number((await runProcess(process.execPath, args, { cwd: join(import.meta.dirname, '..'), env })).stdout);
}

/** The manifest's facts of a 90 MB model by our reader, against opening a session with the runtime. */
export async function readingHeads({ quick, scratch }: Options): Promise<Goal[]> {
  mkdirSync(scratch, { recursive: true });
  const folder = mkdtempSync(join(scratch, 'manifest-'));
  try {
    const model = join(folder, 'large.onnx');
    const bytes = writeDenseModel(model, denseSizes.large);
    const taken = await pairs(
      quick ? 5 : 15,
      () => timed(readHead(model)),
      () => timed(openSession(model)),
    );
    const what = `inputs, outputs, opset of a ${(bytes / 1e6).toFixed(0)} MB model`;
    return [
      {
        what,
        peer: 'opening a session',
        ours: msText(taken.ours),
        theirs: msText(taken.theirs),
        value: taken.ratio,
        limit: 0.06,
        unit: '×',
      },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}
