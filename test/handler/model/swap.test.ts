import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkerSession } from '../../../src/handler/session/worker-session.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey } from '../../../src/model/layout.ts';
import type { Manifest } from '../../../src/model/manifest.ts';
import { tinyModel, tokenModel } from '../../fixtures/onnx.ts';
import { type Reply, TestApp } from '../test-app.ts';
import { ModelStore } from './model-store.ts';

let store: ModelStore;
let app: TestApp;
beforeEach(() => {
  store = new ModelStore();
  store.promote(publish('1.0.0', 0.5));
  app = new TestApp(store.root, { MODEL_REFRESH_SECONDS: '10' });
});
afterEach(async () => {
  await app.close();
  store.remove();
});

/** y[0] of x = [1, 2] is 5 + bias. */
function publish(version: string, bias: number, promised = bias): Manifest {
  const sample = { inputs: { x: [[1, 2]] }, outputs: { y: [[5 + promised, 1]] } };
  return store.publish('tiny', version, { model: tinyModel(bias), sample });
}
const infer = (): Promise<Reply> => app.ask('/v1/infer', { body: { inputs: [[1, 2]] } });
const warm = (): Promise<Reply> => app.ask('/v1/health?warm=true');
const served = async (): Promise<unknown> => (await infer()).headers['x-coldgate-version'];
/** Waits for background work, which announces itself in the log, polling as a timer would. */
const logged = async (event: string, count = 1): Promise<Record<string, unknown>> => {
  while (app.logged(event).length < count) {
    app.app.poll();
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return app.logged(event).at(-1)!;
};

describe('following the pointer', () => {
  it('swaps to a new version once the time has come, and not before', async () => {
    expect(await served()).toBe('1.0.0');
    store.promote(publish('1.1.0', 1));
    app.clock += 9999;
    expect(await served()).toBe('1.0.0');
    app.clock += 1;
    await infer();
    expect(await logged('swapped')).toMatchObject({ from: '1.0.0', to: '1.1.0', sha256: sha256(tinyModel(1)) });
    expect(await infer()).toMatchObject({ json: { outputs: { y: [[6, 1]] }, model: { version: '1.1.0' } } });
  });

  it('looks at once when it is asked to warm up', async () => {
    await infer();
    store.promote(publish('1.1.0', 1));
    app.clock += 1001;
    expect((await warm()).json).toMatchObject({ model: { version: '1.1.0' }, sample: 'ok', cold_start: false });
  });

  it('goes back the same way', async () => {
    const first = publish('1.0.0', 0.5);
    for (const manifest of [publish('1.1.0', 1), first]) {
      store.promote(manifest);
      app.clock += 2000;
      expect((await warm()).json).toMatchObject({ model: { version: manifest.version } });
    }
  });

  it('swaps nothing when a promotion names the version that is served', async () => {
    await infer();
    store.promote(publish('1.0.0', 0.5));
    app.clock += 2000;
    expect((await warm()).json).toMatchObject({ model: { version: '1.0.0' }, pointer: { status: 'current' } });
    expect(app.logged('swapped')).toEqual([]);
  });

  const refusals: [string, string, (next: Manifest) => void][] = [
    ['checksum-mismatch', 'other bytes', () => store.write(fileKey('tiny', '1.1.0', 'model.onnx'), tinyModel(7))],
    ['model-not-found', 'no bytes', (next) => store.promote({ ...next, version: '1.2.0' })],
    ['sample-mismatch', 'another answer to its sample', () => store.promote(publish('1.1.0', 1, 2))],
    ['model-unusable', 'no model', () => store.promote(store.publish('tiny', '1.1.0', { model: Buffer.from('x') }))],
    [
      'sample-mismatch',
      'other inputs',
      () => store.promote(store.publish('tiny', '1.1.0', { model: tokenModel(), sample: { inputs: { x: [[1, 2]] } } })),
    ],
  ];
  it.each(refusals)('goes on serving and says %s for a version with %s', async (code, _what, spoil) => {
    await infer();
    const next = publish('1.1.0', 1);
    store.promote(next);
    spoil(next);
    app.clock += 2000;
    expect((await warm()).json).toMatchObject({ model: { version: '1.0.0' }, pointer: { status: 'failed', code } });
    expect(await logged('swap-refused')).toMatchObject({ level: 'error', serving: '1.0.0', code });
    expect(await infer()).toMatchObject({ status: 200, json: { outputs: { y: [[5.5, 1]] } } });
    store.promote(publish('2.0.0', 2));
    app.clock += 2000;
    expect((await warm()).json).toMatchObject({ model: { version: '2.0.0' }, pointer: { status: 'current' } });
  });

  it('does not fetch again what is known to be wrong', async () => {
    await infer();
    store.promote(publish('1.1.0', 1, 2));
    for (let i = 0; i < 3; i++) {
      app.clock += 2000;
      await warm();
    }
    expect(app.logged('swap-refused')).toHaveLength(1);
  });

  it('keeps the last two versions on disk and no more', async () => {
    await infer();
    for (const [i, version] of ['1.1.0', '1.2.0', '1.3.0'].entries()) {
      store.promote(publish(version, i + 1));
      app.clock += 2000;
      await warm();
    }
    await app.app.close();
    const names = [tinyModel(2), tinyModel(3)].map((model) => `${sha256(model)}.onnx`);
    expect(
      readdirSync(app.cache)
        .filter((name) => name.endsWith('.onnx'))
        .sort(),
    ).toEqual(names.sort());
  });

  it('never mixes versions nor fails a request while it flips', async () => {
    await infer();
    const answers = new Map([['1.0.0', 5.5]]);
    let wrong = 0;
    for (let flip = 1; flip <= 12; flip++) {
      const version = `1.${flip}.0`;
      answers.set(version, 5 + flip);
      store.promote(publish(version, flip));
      app.clock += 20_000;
      const replies = await Promise.all(Array.from({ length: 50 }, infer));
      for (const { status, json } of replies) {
        const { outputs, model } = json as { outputs: { y: number[][] }; model: { version: string } };
        if (status !== 200 || outputs.y[0]?.[0] !== answers.get(model.version)) wrong++;
      }
      await logged('swapped', flip);
    }
    expect(wrong).toBe(0);
    expect(await served()).toBe('1.12.0');
  });
});

describe('a session in a worker', () => {
  const entry = new URL('../session/session-entry.ts', import.meta.url);

  it('serves the versions after the first', async () => {
    await app.close();
    app = new TestApp(store.root, {}, { openNext: openWorkerSession(entry) });
    await infer();
    store.promote(publish('1.1.0', 1));
    app.clock += 2000;
    expect((await warm()).json).toMatchObject({ model: { version: '1.1.0' }, sample: 'ok' });
    expect(await infer()).toMatchObject({ json: { outputs: { y: [[6, 1]] } } });
    store.promote(publish('1.2.0', 2));
    app.clock += 2000;
    await warm();
    expect(await infer()).toMatchObject({ json: { outputs: { y: [[7, 1]] }, model: { version: '1.2.0' } } });
  });

  it('hands over what the runtime refuses, typed', async () => {
    const open = openWorkerSession(entry);
    await expect(open({ path: '/nowhere/model.onnx', form: 'original' }, 1)).rejects.toMatchObject({
      code: 'model-unusable',
    });
    store.write('tokens.onnx', tokenModel());
    const session = await open({ path: `${store.root}/tokens.onnx`, form: 'original' }, 1);
    expect(session.inputs.map((info) => info.name)).toEqual(['ids', 'offset']);
    const ids = { dtype: 'int64' as const, shape: [1, 1], data: new BigInt64Array([99n]) };
    const offset = { ...ids, data: new BigInt64Array([0n]) };
    await expect(
      session.run(
        new Map([
          ['ids', ids],
          ['offset', offset],
        ]),
      ),
    ).rejects.toMatchObject({ operator: 'Gather' });
    await session.close();
    await expect(session.run(new Map())).rejects.toThrow();
  });
});
