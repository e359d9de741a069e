import { type Goal, median, msText, type Options, pairs } from '../goal.ts';
import { type BenchModel, benchModels } from './models.ts';
import { type Form, Stage } from './stage.ts';

interface Warmed {
  timings: { model_loaded_ms: number; import_ms: number };
}

/** model_loaded_ms of one cold start on a model that is on the disk already and was verified before. */
export async function loadedMs(stage: Stage, name: string): Promise<number> {
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
  ['11 MB', 'steady', 0.85],
  ['2 MB', 'steady', 0.75],
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
      await loadedMs(stage, artifact);
      await loadedMs(stage, original);
      const taken = await pairs(
        quick ? 5 : 15,
        () => loadedMs(stage, artifact),
        () => loadedMs(stage, original),
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

/**
 * Warm answers of the steady form against the original's. Each pair is two new processes, asked in turn: where the kernel
 * puts a process's weights is drawn once in its life, and moves all its answers by a few per cent.
 */
async function steadyWarm(stage: Stage, model: BenchModel): Promise<Goal> {
  const names = [await stage.publish(model, 'steady'), await stage.publish(model, 'original')] as const;
  const taken: { ours: number; theirs: number }[] = [];
  for (let pair = 0; pair < 15; pair += 1) taken.push(await warmPair(stage, names, model));
  return {
    what: 'warm answers of the steady form, 90 MB',
    peer: 'the original',
    ours: msText(median(taken.map(({ ours }) => ours))),
    theirs: msText(median(taken.map(({ theirs }) => theirs))),
    value: median(taken.map(({ ours, theirs }) => ours / theirs)),
    limit: 1.05,
    unit: '×',
  };
}

async function warmPair(stage: Stage, names: readonly [string, string], { feeds }: BenchModel) {
  const processes = names.map((name) => stage.start(name));
  try {
    const times: [number[], number[]] = [[], []];
    for (let round = 0; round < 40; round += 1) {
      for (const [at, process] of processes.entries()) {
        const started = performance.now();
        await process.json('/v1/infer', { inputs: feeds });
        times[at]!.push(performance.now() - started);
      }
    }
    const [ours, theirs] = times.map((all) => median(all.slice(20)));
    return { ours: ours!, theirs: theirs! };
  } finally {
    for (const one of processes) await one.stop();
  }
}
