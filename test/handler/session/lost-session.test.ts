import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenSession } from '../../../src/handler/session/session.ts';
import { openWorkerSession } from '../../../src/handler/session/worker-session.ts';
import { countingModel, countingTensors } from '../../fixtures/counting-model.ts';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { type Reply, TestApp } from '../test-app.ts';

let store: ModelStore;
let app: TestApp;
const folder = mkdtempSync(join(tmpdir(), 'coldgate-lost-'));
/** Worker threads end when it is there. */
const sign = join(folder, 'end');
process.env['COLDGATE_TEST_END'] = sign;
const openMortal = openWorkerSession(new URL('./mortal-entry.ts', import.meta.url));

beforeEach(() => {
  store = new ModelStore();
});
afterEach(async () => {
  await app.close();
  store.remove();
  rmSync(sign, { force: true });
});

const infer = (): Promise<Reply> => app.ask('/v1/infer', { body: { inputs: [[1, 2]] } });
const warm = (): Promise<Reply> => app.ask('/v1/health?warm=true');
const logged = async (event: string, count = 1): Promise<void> => {
  while (app.logged(event).length < count) await new Promise((resolve) => setTimeout(resolve, 5));
};
/** It is loaded again at once, and then under the back-off: time stands still here. */
const lostTwice = async (): Promise<void> => {
  const times = (): number => app.logged('session-lost').length + app.logged('load-failed').length;
  while (times() < 2) await new Promise((resolve) => setTimeout(resolve, 5));
};
const publish = (version: string, bias: number): void => {
  const sample = { inputs: tinySample.inputs, outputs: { y: [[5 + bias, 1]] } };
  store.promote(store.publish('tiny', version, { model: tinyModel(bias), sample }));
};

/** Serves 1.0.0 in this thread, and then 1.1.0 in a worker. */
async function serveInWorker(openNext: OpenSession): Promise<void> {
  publish('1.0.0', 0.5);
  app = new TestApp(store.root, {}, { openNext });
  await infer();
  publish('1.1.0', 1);
  app.clock += 2000;
  expect((await warm()).json).toMatchObject({ model: { version: '1.1.0' }, sample: 'ok' });
}

describe('a session whose thread ends', () => {
  it('is told by health, loaded again under the back-off, and served again', async () => {
    await serveInWorker(openMortal);
    writeFileSync(sign, '');
    await lostTwice();
    expect(app.logged('session-lost')[0]).toMatchObject({ level: 'error', version: '1.1.0' });
    for (const ask of [infer, warm]) {
      const reply = await ask();
      expect(reply).toMatchObject({ status: 503, json: { error: { code: 'session-lost' } } });
      expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    }
    const health = await app.ask('/v1/health');
    expect(health).toMatchObject({ status: 503, json: { status: 'session-lost', loaded: false } });
    expect(Number(health.headers['retry-after'])).toBeGreaterThan(0);
    rmSync(sign);
    app.clock += 1001;
    expect(await infer()).toMatchObject({
      status: 200,
      json: { outputs: { y: [[6, 1]] }, model: { version: '1.1.0' } },
    });
    expect(await app.ask('/v1/health')).toMatchObject({ status: 200, json: { status: 'ok', loaded: true } });
  });

  it('gives way to a version that the pointer names meanwhile', async () => {
    await serveInWorker(openMortal);
    writeFileSync(sign, '');
    await lostTwice();
    rmSync(sign);
    publish('1.2.0', 2);
    app.clock += 900;
    await app.ask('/v1/health');
    app.clock += 60_000;
    app.app.poll();
    await logged('swapped', 2);
    expect(await infer()).toMatchObject({ json: { outputs: { y: [[7, 1]] }, model: { version: '1.2.0' } } });
  });
});

describe('a run that takes too long', () => {
  it('is refused with 504, what waits behind it with 503, and the model comes back', async () => {
    const { inputs, outputs } = countingTensors;
    store.promote(store.publish('tiny', '1.0.0', { model: countingModel(), inputs, outputs, unbounded: true }));
    app = new TestApp(store.root, { COLDGATE_RUN_TIMEOUT_MS: '300' }, { openNext: openMortal, isolate: true });
    // It ends some time, since the thread of a test cannot be killed: after seconds.
    const count = (n: number): Promise<Reply> => app.ask('/v1/infer', { body: { inputs: { n, x: [1] } } });
    expect(await count(3)).toMatchObject({ status: 200, json: { outputs: { y: [4] } } });
    const [long, behind, health] = await Promise.all([count(3_000_000), count(3), app.ask('/v1/health')]);
    expect(health).toMatchObject({ status: 200 });
    expect(long).toMatchObject({ status: 504, json: { error: { code: 'run-timeout' } } });
    expect(behind).toMatchObject({ status: 503, json: { error: { code: 'session-lost' } } });
    expect(await count(3)).toMatchObject({ status: 200, json: { outputs: { y: [4] } } });
  });
});

describe('closing', () => {
  it('leaves no session behind that was being opened', async () => {
    publish('1.0.0', 0.5);
    let open = 0;
    const openNext: OpenSession = async (...requests) => {
      const session = await openMortal(...requests);
      open++;
      return { ...session, close: () => session.close().finally(() => open--) };
    };
    store.promote(store.publish('tiny', '2.0.0', { model: tinyModel(), unbounded: true }));
    app = new TestApp(store.root, {}, { openNext, isolate: true });
    const loading = app.app.warm();
    await app.app.close();
    await loading;
    expect(open).toBe(0);
  });

  it('that fails does not make a done swap a refused one', async () => {
    const refuse = () => Promise.reject(new Error('no'));
    await serveInWorker(async (...requests) => {
      const session = await openMortal(...requests);
      return { ...session, close: () => session.close().then(refuse) };
    });
    publish('1.2.0', 2);
    app.clock += 2000;
    expect((await warm()).json).toMatchObject({ model: { version: '1.2.0' }, pointer: { status: 'current' } });
    expect(app.logged('not-closed')).toMatchObject([{ version: '1.1.0' }]);
    expect(app.logged('swap-refused')).toEqual([]);
  });
});
