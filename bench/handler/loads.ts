import { type Goal, median, msText, type Options, pairs } from '../goal.ts';
import { type BenchModel, benchModels } from './models.ts';
import { type Form, Stage } from './stage.ts';

interface Warmed {
  timings: { model_loaded_ms: number; import_ms: number };
}

/** model_loaded_ms of one cold start on a model that is on the disk already and was verified before. */
async function load(stage: Stage, name: string): Promise<number> {
  const started = stage.start(name);
  try {
    const { timings } = (await started.json('/v1/health?warm=true')) as Warmed;
    return timings.model_loaded_ms;
  } finally {
    await started.stop();
  }
}

const limits: [BenchModel['name'], Form, number][] = [
  ['90 MB', 'cold', 0.12],
  ['11 MB', 'cold', 0.4],
  ['2 MB', 'cold', 0.55],
  ['90 MB', 'steady', 0.4],
];

/** The published artifact against the original by path, both by the deployed function. */
export async function loading({ quick, scratch }: Options): Promise<Goal[]> {
  const models = await benchModels(`${scratch}/models`);
  const stage = await Stage.open(scratch);
  const goals: Goal[] = [];
  try {
    for (const [size, form, limit] of quick ? limits.slice(1, 3) : limits) {
      const model = models.find(({ name }) => name === size)!;
      const artifact = await stage.publish(model, form);
      const original = await stage.publish(model, 'original');
      await load(stage, artifact);
      await load(stage, original);
      const taken = await pairs(
        quick ? 5 : 15,
        () => load(stage, artifact),
        () => load(stage, original),
      );
      goals.push({
        what: `model_loaded_ms of the ${form} form, ${size}`,
        peer: 'the original by path',
        ours: msText(taken.ours),
        theirs: msText(taken.theirs),
        value: taken.ratio,
        limit,
        unit: '×',
      });
    }
    if (!quick) goals.push(await steadyWarm(stage, models[0]!));
  } finally {
    stage.remove();
  }
  return goals;
}

/** Warm answers of the steady form against the original's, asked in turn. */
async function steadyWarm(stage: Stage, model: BenchModel): Promise<Goal> {
  const names = [await stage.publish(model, 'steady'), await stage.publish(model, 'original')];
  const [steady, original] = names.map((name) => stage.start(name));
  const answer = async (process: typeof steady): Promise<number> => {
    const started = performance.now();
    await process!.json('/v1/infer', { inputs: model.feeds });
    return performance.now() - started;
  };
  try {
    for (let i = 0; i < 20; i += 1) for (const one of [steady, original]) await answer(one);
    const taken = await pairs(
      15,
      async () => median(await inTurn(20, () => answer(steady))),
      async () => median(await inTurn(20, () => answer(original))),
    );
    return {
      what: 'warm answers of the steady form, 90 MB',
      peer: 'the original',
      ours: msText(taken.ours),
      theirs: msText(taken.theirs),
      value: taken.ratio,
      limit: 1.05,
      unit: '×',
    };
  } finally {
    for (const one of [steady, original]) await one!.stop();
  }
}

async function inTurn(count: number, ask: () => Promise<number>): Promise<number[]> {
  const taken: number[] = [];
  for (let i = 0; i < count; i += 1) taken.push(await ask());
  return taken;
}
