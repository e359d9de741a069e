import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadDelay, retryDelay } from '../../../src/handler/delays.ts';
import { LoadError } from '../../../src/handler/model/load-error.ts';
import { openFileReader } from '../../../src/handler/readers/file.ts';
import type { Reader } from '../../../src/handler/readers/reader.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { TestApp } from '../test-app.ts';
import { ModelStore } from './model-store.ts';

let store: ModelStore;
let app: TestApp;
/** Thrown by the store in place of an answer. */
let trouble: LoadError | undefined;
let reads: string[];
beforeEach(() => {
  store = new ModelStore();
  trouble = undefined;
  reads = [];
  promote('1.0.0', 0.5);
  const files = openFileReader(store.root);
  const read = (async (key: string, options) => {
    reads.push(key);
    if (trouble) throw trouble;
    return files.read(key, options as { ifChanged: string | undefined });
  }) as Reader['read'];
  const reader: Reader = { url: files.url, remote: false, read };
  // Half of every interval: looks 10 s apart, and turns in the middle of the time.
  app = new TestApp(store.root, { MODEL_REFRESH_SECONDS: '10', MODEL_FOLLOW_OVER_SECONDS: '100' }, { reader });
});
afterEach(async () => {
  await app.close();
  store.remove();
});

const publish = (version: string, bias: number) => store.publish('tiny', version, { model: tinyModel(bias) });
const promote = (version: string, bias: number) => store.promote(publish(version, bias));
const served = async () => (await app.ask('/v1/infer', { body: { inputs: [[1, 2]] } })).headers['x-coldgate-version'];
const warm = async () => (await app.ask('/v1/health?warm=true')).json;
const isReading = (): boolean => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

/** Lets time go by as it does where a timer polls, and what that begins come to its end. */
async function pass(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    app.clock += 1000;
    app.app.poll();
    // A look is several reads of files, one after another: over once none has followed for some turns.
    for (let still = 0; still < 3; still = isReading() ? 0 : still + 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}
const swapped = async (count: number): Promise<void> => {
  while (app.logged('swapped').length < count) await new Promise((resolve) => setTimeout(resolve, 2));
};

it('follows a flip when its turn comes, and not before', async () => {
  expect(await served()).toBe('1.0.0');
  promote('1.1.0', 1);
  await pass(55);
  expect([await served(), app.logged('swapped')]).toEqual(['1.0.0', []]);
  await pass(10);
  await swapped(1);
  expect(await served()).toBe('1.1.0');
  // One look an interval, each with what is known as its condition, and one more for its turn.
  expect(reads.filter((key) => key.endsWith('current.json')).length).toBeLessThanOrEqual(9);
});

it('follows at once when it is asked to warm up', async () => {
  await served();
  promote('1.1.0', 1);
  await pass(12);
  expect(app.logged('swapped')).toEqual([]);
  expect(await warm()).toMatchObject({ model: { version: '1.1.0' }, pointer: { status: 'current' } });
});

it.each<[string, () => Promise<void>]>([
  [
    'while a look of its own is under way',
    async () => {
      app.clock += 11_000;
      app.app.poll();
    },
  ],
  ['right after a look of its own', () => pass(11)],
])('follows at once when it is asked to warm up %s', async (_when, look) => {
  await served();
  promote('1.1.0', 1);
  await look();
  expect(await warm()).toMatchObject({ model: { version: '1.1.0' }, pointer: { status: 'current' } });
});

it('takes what the pointer names when its turn comes, and goes back without waiting for one', async () => {
  await served();
  const [second, third] = [publish('1.1.0', 1), publish('1.2.0', 2)];
  store.promote(second);
  await pass(30);
  store.promote(third);
  await pass(70);
  await swapped(1);
  expect(app.logged('swapped')).toMatchObject([{ from: '1.0.0', to: '1.2.0' }]);
  promote('1.0.0', 0.5);
  await pass(11);
  await swapped(2);
  expect(await served()).toBe('1.0.0');
});

it('leaves a store alone for as long as it asks, whatever the interval is', async () => {
  await served();
  trouble = new LoadError('store-unavailable', 'S3 answered 503 SlowDown.');
  trouble.retryAfterMs = 60_000;
  await pass(11);
  const { length } = reads;
  await pass(70);
  expect(reads.length).toBe(length);
  trouble = undefined;
  await pass(10);
  expect(reads.length).toBeGreaterThan(length);
});

it('spreads repeated requests and loads over all of their time, and from what is asked for on', () => {
  for (const random of [0, 0.3, 0.999]) {
    expect(retryDelay(2, 200, 0, () => random)).toBe(random * 800);
    expect(loadDelay(1, 0, () => random)).toBe(random * 1000);
    expect(loadDelay(20, 0, () => random)).toBe(random * 30_000);
    for (const delay of [retryDelay(0, 200, 5000, () => random), loadDelay(1, 5000, () => random)]) {
      expect(delay).toBe(5000 * (1 + random / 2));
    }
  }
});
