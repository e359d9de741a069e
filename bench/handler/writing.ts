import { join } from 'node:path';
import { formatTensor } from '../../src/model/tensor-format.ts';
import { type Goal, type Options, pairs } from '../goal.ts';
import { type BenchModel, benchModels } from './models.ts';
import { Stage } from './stage.ts';

interface Inferred {
  outputs: Record<string, { shape: number[]; data: number[] }>;
}

/** Writes a JSON answer often enough to be timed; answers ms a time. */
function timed(write: () => string): number {
  const times = 50;
  const started = performance.now();
  for (let i = 0; i < times; i += 1) write();
  return (performance.now() - started) / times;
}

/** The model's first output as the function answers it. */
async function firstOutput(stage: Stage, model: BenchModel): Promise<Inferred['outputs'][string]> {
  const started = stage.start(await stage.publish(model, 'original'));
  try {
    const { outputs } = (await started.json('/v1/infer', { inputs: model.feeds })) as Inferred;
    return Object.values(outputs)[0]!;
  } finally {
    await started.stop();
  }
}

const peer = 'JSON.stringify of the same floats';
const kilobytes = (text: string): string => `${(text.length / 1000).toFixed(1)} kB`;
const micros = (ms: number): string => `${Math.round(ms * 1000)} us`;

/** JSON answers of many floats, against writing each float as the double that it is. */
export async function writing({ quick, scratch }: Options): Promise<Goal[]> {
  const models = await benchModels(join(scratch, 'models'));
  const stage = await Stage.open(scratch);
  const goals: Goal[] = [];
  try {
    for (const model of quick ? models.slice(1, 2) : models.slice(0, 2)) {
      const { shape, data } = await firstOutput(stage, model);
      const floats = Float32Array.from(data);
      const short = (): string => JSON.stringify(formatTensor('float32', [floats.length], floats));
      const plain = (): string => JSON.stringify(Array.from(floats));
      const taken = await pairs(
        quick ? 5 : 31,
        async () => timed(short),
        async () => timed(plain),
      );
      goals.push({
        what: `bytes of a JSON answer of [${shape.join(', ')}] floats, ${model.name} model`,
        peer,
        ours: kilobytes(short()),
        theirs: kilobytes(plain()),
        value: short().length / plain().length,
        limit: 0.7,
        unit: '×',
      });
      goals.push({
        what: `writing it, ${model.name}`,
        peer,
        ours: micros(taken.ours),
        theirs: micros(taken.theirs),
        value: taken.ratio,
        limit: 1.15,
        unit: '×',
      });
    }
    return goals;
  } finally {
    stage.remove();
  }
}
