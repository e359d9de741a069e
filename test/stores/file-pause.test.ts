import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { putSteps } from '../../src/stores/file/steps.ts';
import { openFileStore } from '../../src/stores/file.ts';
import type { Store } from '../../src/stores/store.ts';
import { textOf } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { type StoreFolder, temporaryStore } from '../fakes/stores/folder.ts';
import type { StepPlan } from '../fakes/stores/step-worker.ts';
import { startWorker, type Worker } from '../fakes/stores/workers.ts';

const key = 'digits/current.json';

let folder: StoreFolder;
let store: Store;
/** Gives up on a lock soon. */
let hasty: Store;
let worker: Worker | undefined;
beforeEach(async () => {
  folder = await temporaryStore();
  store = await openFileStore(folder.settings);
  hasty = await openFileStore(folder.settings, { lockWaitMs: 200 });
});
afterEach(async () => {
  worker?.process.kill('SIGKILL');
  await worker?.end;
  await folder.close();
});

/** Starts the operation in a process that stops, alive, as it has passed the step. */
async function stopAt(operation: StepPlan['operation'], step: StepPlan['step']): Promise<Worker> {
  const plan: StepPlan = { operation, key, text: 'paused', step, signal: 'SIGSTOP' };
  worker = startWorker('./step-worker.ts', folder.settings, plan);
  worker.go();
  await worker.printed(`at ${step}`);
  return worker;
}

async function goOn(stopped: Worker): Promise<string | undefined> {
  // Again and again: it says where it is just before it stops, so that a first signal can come too early.
  const again = setInterval(() => stopped.process.kill('SIGCONT'), 20);
  expect(await stopped.end.finally(() => clearInterval(again))).toBe('0');
  return stopped.lines.at(-1);
}

const beforeLock = putSteps.slice(0, putSteps.indexOf('locked'));
const inLock = putSteps.slice(putSteps.indexOf('locked'), putSteps.indexOf('unlocked'));

describe('a writer that is paused', () => {
  it.each(beforeLock)('after %s holds up nobody, and loses when it goes on', async (step) => {
    const token = await store.put(key, Buffer.from('old'), 'absent');
    const stopped = await stopAt('update', step);
    await hasty.put(key, Buffer.from('other'), { unchanged: token });
    expect(await goOn(stopped)).toBe('stale-token');
    expect(await textOf(await store.get(key))).toBe('other');
  });

  it.each(inLock)('after %s is not robbed of its lock, and its write stands when it goes on', async (step) => {
    await store.put(key, Buffer.from('old'), 'absent');
    const stopped = await stopAt('update', step);
    const seen = (await store.head(key))!.token;
    expect(await errorCode(hasty.put(key, Buffer.from('x'), { unchanged: seen }))).toBe('store-locked');
    expect(await errorCode(hasty.remove(key, { unchanged: seen }))).toBe('store-locked');
    await hasty.put('digits/versions/1.0.0/model.onnx', Buffer.from('another key'), 'absent');
    expect(await goOn(stopped)).toBe('did not throw');
    expect(await textOf(await store.get(key))).toBe('paused');
  });

  it('keeps others waiting, who then find their token stale', async () => {
    const token = await store.put(key, Buffer.from('old'), 'absent');
    const stopped = await stopAt('update', 'compared');
    const waiting = errorCode(store.put(key, Buffer.from('other'), { unchanged: token }));
    expect(await goOn(stopped)).toBe('did not throw');
    expect(await waiting).toBe('stale-token');
    expect(await textOf(await store.get(key))).toBe('paused');
  });

  it('in a create lets nobody else create, and wins when it goes on', async () => {
    const stopped = await stopAt('create', 'compared');
    expect(await errorCode(hasty.put(key, Buffer.from('other'), 'absent'))).toBe('store-locked');
    expect(await goOn(stopped)).toBe('did not throw');
    expect(await textOf(await store.get(key))).toBe('paused');
  });

  it('in a removal lets nobody write what it would then remove', async () => {
    const token = await store.put(key, Buffer.from('old'), 'absent');
    const stopped = await stopAt('remove', 'compared');
    expect(await errorCode(hasty.put(key, Buffer.from('other'), { unchanged: token }))).toBe('store-locked');
    expect(await goOn(stopped)).toBe('did not throw');
    expect(await errorCode(store.put(key, Buffer.from('other'), { unchanged: token }))).toBe('stale-token');
  });

  it('is read around: readers wait for no lock', async () => {
    await store.put(key, Buffer.from('old'), 'absent', { contentType: 'text/old' });
    const stopped = await stopAt('update', 'note-published');
    expect((await hasty.head(key))?.meta.contentType).toBe('text/old');
    expect(await textOf(await hasty.get(key))).toBe('old');
    expect(await goOn(stopped)).toBe('did not throw');
    expect((await hasty.head(key))?.meta.contentType).toBe('text/paused');
  });
});
