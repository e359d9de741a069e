import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { putSteps, removeSteps } from '../../src/stores/file/steps.ts';
import { openStore } from '../../src/stores/open.ts';
import type { Store } from '../../src/stores/store.ts';
import { expectGapless } from '../contracts/store-races.ts';
import { gathered, textOf } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { type StoreFolder, temporaryStore } from '../fakes/stores/folder.ts';
import type { StepPlan } from '../fakes/stores/step-worker.ts';
import type { SwapAnswer, SwapPlan, Win } from '../fakes/stores/swap-worker.ts';
import { raceWorkers, startWorker, type Worker } from '../fakes/stores/workers.ts';

const key = 'digits/current.json';

let folder: StoreFolder;
let store: Store;
beforeEach(async () => {
  folder = await temporaryStore();
  store = await openStore(folder.settings);
});
afterEach(() => folder.close());

/** Runs the operation in a process that is killed as it has passed the step. */
async function killAt(operation: StepPlan['operation'], step: StepPlan['step']): Promise<void> {
  const plan: StepPlan = { operation, key, text: 'new', step, signal: 'SIGKILL' };
  const worker = startWorker('./step-worker.ts', folder.settings, plan);
  worker.go();
  expect(await worker.end).toBe('SIGKILL');
  expect(worker.lines).toContain(`at ${step}`);
}

const putOld = () => store.put(key, Buffer.from('old'), 'absent', { contentType: 'text/old' });
const keys = async () => (await gathered(store.list(''))).map((info) => info.key);
const isPublished = (step: (typeof putSteps)[number]) => putSteps.indexOf(step) >= putSteps.indexOf('object-published');

describe('an update that is killed', () => {
  it.each(putSteps)('after %s leaves the old object or the new one, and a way on', async (step) => {
    const before = await putOld();
    await killAt('update', step);

    const text = isPublished(step) ? 'new' : 'old';
    const object = await store.get(key);
    expect(await textOf(object)).toBe(text);
    expect(object.info.meta.contentType).toBe(`text/${text}`);
    expect(await keys()).toEqual([key]);

    expect(object.info.token === before).toBe(text === 'old');
    const stale = await errorCode(store.put(key, Buffer.from('next'), { unchanged: before }));
    expect(stale).toBe(text === 'old' ? 'did not throw' : 'stale-token');
    const current = (await store.head(key))!;
    const token = await store.put(key, Buffer.from('last'), { unchanged: current.token }, { contentType: 'text/last' });
    expect(await store.head(key)).toMatchObject({ token, size: 4, meta: { contentType: 'text/last' } });
  });
});

describe('a create that is killed', () => {
  it.each(putSteps)('after %s leaves nothing or the whole object, and a way on', async (step) => {
    await killAt('create', step);
    const there = isPublished(step);
    expect(await keys()).toEqual(there ? [key] : []);
    const again = await errorCode(store.put(key, Buffer.from('other'), 'absent', { contentType: 'text/other' }));
    expect(again).toBe(there ? 'already-exists' : 'did not throw');
    const object = await store.get(key);
    expect(await textOf(object)).toBe(there ? 'new' : 'other');
    expect(object.info.meta.contentType).toBe(there ? 'text/new' : 'text/other');
    await store.put(key, Buffer.from('next'), { unchanged: object.info.token });
  });
});

describe('a removal that is killed', () => {
  it.each(removeSteps)('after %s leaves the object or nothing, and a way on', async (step) => {
    const before = await putOld();
    await killAt('remove', step);
    const there = step === 'locked' || step === 'compared';
    expect(await keys()).toEqual(there ? [key] : []);
    await store.remove(key, { unchanged: before });
    await store.put(key, Buffer.from('new'), 'absent');
    expect(await store.head(key)).toMatchObject({ size: 3, meta: {} });
    expect(await errorCode(store.put(key, Buffer.from('x'), { unchanged: before }))).toBe('stale-token');
  });
});

describe('the lock of a killed holder', () => {
  it('goes to one of twenty processes at a time', async () => {
    await store.put(key, Buffer.from('[]'), 'absent');
    await killAt('update', 'compared');
    const plans = Array.from({ length: 20 }, (_, n): SwapPlan => ({ kind: 'swap', key, rounds: 2, name: `w${n}` }));
    const answers = await raceWorkers<SwapAnswer>('./swap-worker.ts', folder.settings, plans);
    expectGapless(JSON.parse(await textOf(await store.get(key))), answers, 2);
  });

  it('loses no update in a storm of kills', async () => {
    await store.put(key, Buffer.from('[]'), 'absent');
    const workers: Worker[] = [];
    const start = () => {
      const plan: SwapPlan = { kind: 'swap', key, rounds: 1_000_000, name: `w${workers.length}` };
      const worker = startWorker('./swap-worker.ts', folder.settings, plan);
      worker.go();
      workers.push(worker);
      return worker;
    };
    for (let n = 0; n < 4; n++) start();
    for (let kill = 0; kill < 12; kill++) {
      const next = start();
      await next.printed('ready');
      // Each of the five is killed somewhere in its loop; the newest has just begun its own.
      workers[kill]!.process.kill('SIGKILL');
    }
    for (const worker of workers) worker.process.kill('SIGKILL');
    for (const worker of workers) expect(await worker.end).toBe('SIGKILL');

    const marks: string[] = JSON.parse(await textOf(await store.get(key)));
    expect(new Set(marks).size).toBe(marks.length);
    const won = workers.flatMap((worker) => worker.lines.filter((line) => line.startsWith('won ')));
    const wins: Win[] = won.map((line) => JSON.parse(line.slice(4)));
    expect(wins.length).toBeGreaterThan(0);
    for (const { generation, mark } of wins) expect(marks[generation]).toBe(mark);
    // A process can be killed after its write and before it printed so: once.
    expect(marks.length - wins.length).toBeLessThanOrEqual(workers.length);
    expect(await keys()).toEqual([key]);
  });

  it('leaves temporaries that only the folder of the driver shows', async () => {
    await putOld();
    await killAt('update', 'temporary-written');
    expect(await readdir(join(folder.root, '.coldgate-store', 'tmp'))).toHaveLength(1);
    expect((await readdir(folder.root)).sort()).toEqual(['.coldgate-store', 'digits']);
    expect(await readdir(join(folder.root, 'digits'))).toEqual(['current.json']);
  });
});
