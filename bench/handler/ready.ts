import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sessionOptions, usableCores } from '../../src/handler/session/open-session.ts';
import { type Goal, median, type Options, pairs } from '../goal.ts';
import { type BenchModel, benchModels } from './models.ts';
import { pythonHandler, pythonOfHandler } from './python-part.ts';
import { Stage } from './stage.ts';
import { type Start, startGoal, timed } from './timed-start.ts';

const limits: [BenchModel['name'], number][] = [
  ['90 MB', 0.25],
  ['11 MB', 0.6],
  ['2 MB', 0.7],
  ['0.3 MB', 0.92],
];

function spawnNode(script: string, env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [script, ...(env['MODEL'] ? [] : ['--port', '0'])], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The deployed function against what tutorials show, each from the start of its process to the first prediction. */
export async function becomingReady({ quick, scratch }: Options): Promise<Goal[]> {
  const models = await benchModels(join(scratch, 'models'));
  const stage = await Stage.open(scratch);
  const goals: Goal[] = [];
  try {
    const python = quick ? undefined : await findPython();
    for (const [size, limit] of quick ? limits.slice(2) : limits) {
      const model = models.find(({ name }) => name === size)!;
      goals.push(...(await againstNaive(stage, model, limit, quick)));
      if (!quick) goals.push(await withoutKeptCode(stage, model), await besideLeast(stage, model));
      if (python !== undefined) goals.push(await besidePython(stage, model, python));
    }
  } finally {
    stage.remove();
  }
  return goals;
}

/** By Cloud Run's entry, which loads before it listens, beside the plain Node one, which listens first. */
export async function startingOnCloudRun({ quick, scratch }: Options): Promise<Goal[]> {
  const models = await benchModels(join(scratch, 'models'));
  const stage = await Stage.open(scratch);
  const goals: Goal[] = [];
  try {
    for (const [size] of quick ? limits.slice(2) : limits) {
      goals.push(await onCloudRun(stage, models.find(({ name }) => name === size)!, quick ? 7 : rounds));
    }
  } finally {
    stage.remove();
  }
  return goals;
}

async function findPython(): Promise<string | undefined> {
  const missing = pythonHandler.lacks();
  if (missing === undefined) return pythonOfHandler();
  console.log(`not run: the handler in Python (${missing})`);
  return undefined;
}

/** What the local target starts its processes with. */
const asDeployed = { ORT_DISABLE_TELEMETRY: '1', GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };

interface Sides {
  body: string;
  /** Where ours keeps model files. */
  cache: string;
  /** The start that leaves the model and what V8 compiled on the disk. */
  first: () => Promise<Start>;
  ours: () => Promise<Start>;
  /** Where no folder lasts: V8 compiles each time. */
  unkept: () => Promise<Start>;
  /** By Cloud Run's entry, which loads before it listens. */
  cloudRun: () => Promise<Start>;
  naive: () => Promise<Start>;
}

async function sidesOf(stage: Stage, model: BenchModel): Promise<Sides> {
  const name = await stage.publish(model, 'cold');
  /** A new machine for each start: what the runtime's telemetry keeps in its home is not there yet. */
  let turn = 0;
  const home = (): string => join(stage.folder, `home-${turn++}`);
  const body = JSON.stringify({ inputs: model.feeds });
  const cache = join(stage.folder, 'cache', name);
  const code = join(stage.folder, 'code', name);
  const place = { MODEL_STORE: 'file', MODEL_PREFIX: stage.store.root, MODEL_NAME: name };
  const folders = { MODEL_CACHE: cache, COLDGATE_CODE_CACHE: code };
  const entry = join(stage.bundle, 'node.cjs');
  const naive = join(import.meta.dirname, 'naive-server.cjs');
  const cloudRun = join(stage.bundle, 'cloud-run.cjs');
  const start = (more: Record<string, string> = {}, from = entry): ChildProcess =>
    spawnNode(from, { HOME: home(), ...asDeployed, ...place, ...folders, ...more });
  return {
    ...{ body, cache },
    first: () => timed(start(), body, () => untilKept(code)),
    ours: () => timed(start(), body),
    unkept: () => timed(start({ COLDGATE_CODE_CACHE: '' }), body),
    cloudRun: () => timed(start({ COLDGATE_CODE_CACHE: '' }, cloudRun), body),
    naive: () => timed(spawnNode(naive, { HOME: home(), MODEL: model.path }), body),
  };
}

async function untilKept(code: string): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((done) => setTimeout(done, 50))) {
    if (existsSync(code) && readdirSync(code).some((name) => name.endsWith('.code'))) return;
  }
  throw new Error(`no compiled code was kept in ${code}`);
}

const naiveWords = 'node_modules, Buffer, default options';

const msOf = (start: () => Promise<Start>) => async (): Promise<number> => (await start()).ms;

/** How near a start is to what no handler could be faster than. */
async function besideLeast(stage: Stage, model: BenchModel): Promise<Goal> {
  const { body, cache, first, ours } = await sidesOf(stage, model);
  await first();
  const env = {
    HOME: join(stage.folder, 'home'),
    ...asDeployed,
    BINDING: join(stage.bundle, 'onnxruntime_binding.node'),
    MODEL: join(cache, readdirSync(cache).find((name) => name.endsWith('.ort'))!),
    SESSION_OPTIONS: JSON.stringify(sessionOptions('cold', usableCores())),
  };
  const script = join(import.meta.dirname, 'least-server.cjs');
  const least = () => timed(spawn(process.execPath, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] }), body);
  await least();
  const taken = await pairs(rounds, msOf(ours), msOf(least));
  return startGoal(model, 'the least that Node and the runtime need', taken);
}

async function withoutKeptCode(stage: Stage, model: BenchModel): Promise<Goal> {
  const { first, unkept, naive } = await sidesOf(stage, model);
  await first();
  const goal = startGoal(model, naiveWords, await pairs(rounds, msOf(unkept), msOf(naive)));
  return { ...goal, what: `${goal.what}, nothing compiled before` };
}

async function onCloudRun(stage: Stage, model: BenchModel, turns: number): Promise<Goal> {
  const { first, unkept, cloudRun } = await sidesOf(stage, model);
  await first();
  const goal = startGoal(model, 'node.cjs', await pairs(turns, msOf(cloudRun), msOf(unkept)), 1.05);
  return { ...goal, what: `${goal.what}, by the entry of Cloud Run` };
}

async function besidePython(stage: Stage, model: BenchModel, python: string): Promise<Goal> {
  const { body, first, ours } = await sidesOf(stage, model);
  await first();
  const env = { HOME: join(stage.folder, 'home'), MODEL: model.path };
  const script = join(import.meta.dirname, 'python-server.py');
  const theirs = () => timed(spawn(python, [script], { env, stdio: ['ignore', 'pipe', 'inherit'] }), body);
  await theirs();
  const taken = await pairs(7, msOf(ours), msOf(theirs));
  return startGoal(model, 'Python with boto3 and onnxruntime', taken);
}

/** A start swings by a fifth on a shared machine: with 15 pairs the median of their ratios still does so by 8 %. */
const rounds = 61;

async function againstNaive(stage: Stage, model: BenchModel, limit: number, quick: boolean): Promise<Goal[]> {
  const { first, ours, naive: theirs } = await sidesOf(stage, model);
  const peaks: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
  const noted = async (start: Promise<Start>, into: number[]): Promise<number> => {
    const { ms, peakMb } = await start;
    into.push(peakMb);
    return ms;
  };
  await first();
  await theirs();
  const taken = await pairs(
    quick ? 5 : rounds,
    () => noted(ours(), peaks.ours),
    () => noted(theirs(), peaks.theirs),
  );
  const peer = naiveWords;
  const time = startGoal(model, peer, taken, limit);
  if (model.name !== '90 MB') return [time];
  const [mine, other] = [median(peaks.ours), median(peaks.theirs)];
  const memory: Goal = {
    what: `peak memory at the first prediction, ${model.name}`,
    ...{ peer, ours: `${mine.toFixed(0)} MB`, theirs: `${other.toFixed(0)} MB` },
    ...{ value: mine / other, limit: 0.5, unit: '×' },
  };
  return [time, memory];
}
