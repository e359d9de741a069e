import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Manifest } from '../../src/model/manifest.ts';
import type { FunctionProcess } from '../../test/handler/function-process.ts';
import { type Answered, SteadyLoad } from '../../test/handler/model/steady-load.ts';
import { type Goal, msText, type Options } from '../goal.ts';
import { miniLm, type TransformerSize, writeTransformer } from './minilm.ts';
import { type BenchModel, type Feeds, tokens } from './models.ts';
import { Stage } from './stage.ts';

interface Plan {
  flips: number;
  requests: number;
  size: TransformerSize;
  /** Of the model file, as the goals name it. */
  name: BenchModel['name'];
}

const whole: Plan = { flips: 20, requests: 10_000, size: miniLm, name: '90 MB' };
const short: Plan = {
  flips: 4,
  requests: 1500,
  size: { layers: 4, hidden: 96, heads: 6, vocabulary: 1500 },
  name: '2 MB',
};

/** Two callers: one is served while the other's request waits, so a stall is seen by both. */
const connections = 2;
/** What belongs to a flip after the swap was logged: the old session is freed, ms. */
const afterwardsMs = 200;

interface Flip {
  from: number;
  to: number;
}

/** Three versions in turn: the function keeps the last two on disk, so that each flip has to fetch. */
async function publishVersions(stage: Stage, scratch: string, plan: Plan, feeds: Feeds): Promise<Manifest[]> {
  const manifests: Manifest[] = [];
  for (const seed of [11, 12, 13]) {
    const path = join(scratch, 'models', `flip-${plan.size.hidden}-${seed}.onnx`);
    if (!existsSync(path)) writeTransformer(path, plan.size, seed);
    manifests.push(await stage.version('flip', `1.${seed}.0`, { name: plan.name, path, feeds }, 'cold'));
  }
  return manifests;
}

/** The first number that each version answers, asked of a process that serves it alone. */
async function expectedAnswers(
  stage: Stage,
  manifests: readonly Manifest[],
  body: unknown,
): Promise<Map<string, number>> {
  const expected = new Map<string, number>();
  for (const { version } of manifests) {
    const pinned = stage.start('flip', { MODEL_VERSION: version, MODEL_CACHE: join(stage.folder, 'pinned') });
    const { outputs } = (await pinned.json('/v1/infer', body)) as { outputs: Record<string, { data: number[] }> };
    expected.set(version, Object.values(outputs)[0]!.data[0]!);
    await pinned.stop();
  }
  return expected;
}

/** Flips the pointer while the load goes on, evenly over its requests; answers when each flip was at work. */
async function flipUnderLoad(
  stage: Stage,
  one: FunctionProcess,
  load: SteadyLoad,
  plan: Plan,
  versions: readonly Manifest[],
): Promise<Flip[]> {
  const swaps = (): Record<string, unknown>[] => one.lines.filter((line) => line['event'] === 'swapped');
  for (let flip = 1; flip <= plan.flips; flip += 1) {
    while (load.answered.length < (plan.requests / (plan.flips + 1)) * flip) await after(5);
    stage.store.promote(versions[flip % versions.length]!);
    while (swaps().length < flip) {
      const refused = one.lines.find((line) => line['event'] === 'swap-refused');
      if (refused) throw new Error(`A flip was refused: ${JSON.stringify(refused)}`);
      await after(5);
    }
    await after(afterwardsMs);
  }
  while (load.answered.length < plan.requests) await after(5);
  return swaps().map((line) => {
    const done = Date.parse(String(line['time'])) - performance.timeOrigin;
    return { from: done - Number(line['ms']) - 5, to: done + afterwardsMs };
  });
}

const p99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? 0;

/** The longest time in which nobody was answered, ms. */
function worstStall(answered: readonly Answered[]): number {
  const ends = answered.map(({ to }) => to).sort((a, b) => a - b);
  return ends.reduce((worst, end, i) => (i === 0 ? 0 : Math.max(worst, end - ends[i - 1]!)), 0);
}

function goalsOf(plan: Plan, answered: readonly Answered[], flips: readonly Flip[]): Goal[] {
  const timeOf = ({ from, to }: Answered): number => to - from;
  const inFlip = ({ from, to }: Answered): boolean => flips.some((flip) => to >= flip.from && from <= flip.to);
  const during = p99(answered.filter(inFlip).map(timeOf));
  const before = p99(answered.filter((one) => !inFlip(one)).map(timeOf));
  const count = (fault: Answered['fault']): number => answered.filter((one) => one.fault === fault).length;
  const what = `${plan.flips} flips in ${answered.length} requests, ${plan.name}`;
  const none = { peer: '', ours: '', theirs: '' };
  return [
    { ...none, what: `failed requests: ${what}`, value: count('failed'), limit: 0, unit: 'requests' },
    { ...none, what: `answers that mix versions: ${what}`, value: count('mixed'), limit: 0, unit: 'requests' },
    {
      what: `p99 while a version is fetched, proven and swapped in, ${plan.name}`,
      ...{ peer: 'between the flips', ours: msText(during), theirs: msText(before) },
      ...{ value: during / before, limit: 3, unit: '×' },
    },
    { ...none, what: `longest time without an answer: ${what}`, value: worstStall(answered), limit: 150, unit: 'ms' },
  ];
}

/** Real flips of the pointer under a steady load: nobody fails, no answer mixes versions, nobody waits long. */
export async function flipping({ quick, scratch }: Options): Promise<Goal[]> {
  const plan = quick ? short : whole;
  const feeds = tokens(4);
  const body = { inputs: feeds };
  const stage = await Stage.open(scratch);
  try {
    const versions = await publishVersions(stage, scratch, plan, feeds);
    const expected = await expectedAnswers(stage, versions, body);
    stage.store.promote(versions[0]!);
    const one = stage.start('flip', { MODEL_REFRESH_SECONDS: '1' });
    try {
      const { port } = await one.listening();
      await one.json('/v1/health?warm=true');
      const load = new SteadyLoad({ port, body: JSON.stringify(body), connections, expected });
      const flips = await flipUnderLoad(stage, one, load, plan, versions).finally(() => load.stop());
      return goalsOf(plan, load.answered, flips);
    } finally {
      await one.stop();
    }
  } finally {
    stage.remove();
  }
}
