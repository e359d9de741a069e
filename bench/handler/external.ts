import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { sessionOptions, usableCores } from '../../src/handler/session/open-session.ts';
import { splitWeights } from '../../src/optimize/split-weights.ts';
import { tinyModel } from '../../test/fixtures/onnx.ts';
import { type Goal, msText, type Options, pairs } from '../goal.ts';
import { loadedMs } from './loads.ts';
import { benchModels } from './models.ts';
import { Stage } from './stage.ts';

/** The model again as exporters write it by default: its tensors in `model.onnx.data` beside it. Answers its path. */
function withExternalData(model: string, folder: string): string {
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

const run = promisify(execFile);

/** A new process that opens the model by its path, as the documentation of the runtime says. */
async function openedMs(model: string): Promise<number> {
  const script = join(import.meta.dirname, 'create-session.cjs');
  return Number((await run(process.execPath, [script, model])).stdout);
}

/** The same file opened with the same options, by the runtime alone in a new process: what no code around it can save. */
async function bareMs(form: string, smallest: string): Promise<number> {
  const script = join(import.meta.dirname, 'bare-session.cjs');
  const options = JSON.stringify(sessionOptions('cold', usableCores()));
  return Number((await run(process.execPath, [script, form, smallest, options])).stdout);
}

/** The cold form as it is stored. */
function coldFile(stage: Stage, name: string): string {
  const folder = join(stage.store.root, name, 'versions', '1.0.0', 'artifacts');
  return join(folder, readdirSync(folder)[0] as string);
}

/** The forms of a model that keeps its tensors in another file, each loaded by the function. */
export async function loadingExternalData({ quick, scratch }: Options): Promise<Goal[]> {
  const [whole] = await benchModels(`${scratch}/models`);
  if (!whole) return [];
  const path = withExternalData(whole.path, join(scratch, 'models', 'external'));
  const model = { ...whole, label: 'external-90-mb', path };
  const stage = await Stage.open(scratch);
  const [rounds, what] = [quick ? 5 : 15, `${model.name} with external data`];
  try {
    const [cold, original] = [await stage.publish(model, 'cold'), await stage.publish(model, 'original')];
    await loadedMs(stage, cold);
    await loadedMs(stage, original);
    const form = () => loadedMs(stage, cold);
    const naive = await pairs(rounds, form, () => openedMs(path));
    const own = await pairs(rounds, form, () => loadedMs(stage, original));
    const smallest = join(scratch, 'models', 'smallest.onnx');
    writeFileSync(smallest, tinyModel());
    const alone = await pairs(rounds, form, () => bareMs(coldFile(stage, cold), smallest));
    const row = { what: `model_loaded_ms of the cold form, ${what}`, unit: '×' } as const;
    const texts = ({ ours, theirs }: typeof own) => ({ ours: msText(ours), theirs: msText(theirs) });
    return [
      { ...row, peer: 'ONNX Runtime by path, a new process', ...texts(naive), value: naive.ratio, limit: 0.12 },
      { ...row, peer: 'the original by path', ...texts(own), value: own.ratio, limit: Number.POSITIVE_INFINITY },
      {
        ...row,
        peer: 'the runtime alone, which opens the same file',
        ...texts(alone),
        value: alone.ratio,
        limit: Number.POSITIVE_INFINITY,
      },
    ];
  } finally {
    stage.remove();
  }
}
