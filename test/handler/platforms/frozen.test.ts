import { renameSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppDeps } from '../../../src/handler/http/app-deps.ts';
import { openFileReader } from '../../../src/handler/readers/file.ts';
import type { Reader } from '../../../src/handler/readers/reader.ts';
import { openSession } from '../../../src/handler/session/open-session.ts';
import { pointerKey } from '../../../src/model/layout.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { type Reply, TestApp } from '../test-app.ts';

/** Holds back what passes while it is closed. */
class Gate {
  #open: Promise<void> = Promise.resolve();
  release: () => void = () => {};
  waiting = 0;
  passed = 0;

  close(): void {
    this.#open = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  async pass(): Promise<void> {
    this.waiting++;
    await this.#open;
    this.waiting--;
    this.passed++;
  }
}

const seconds = 1000;
const hour = 3600 * seconds;
let store: ModelStore;
let app: TestApp;
let looks: Gate;
let loads: Gate;
beforeEach(async () => {
  [store, looks, loads] = [new ModelStore(), new Gate(), new Gate()];
  promote('1.0.0', 0.5);
  const files = openFileReader(store.root);
  /** What was read of the pointer before the gate is what comes out behind it, as from a socket's buffer. */
  const read = async (key: string, options?: { ifChanged: string | undefined }) => {
    const found = options ? await files.read(key, options) : await files.read(key);
    if (key === pointerKey('tiny')) await looks.pass();
    return found;
  };
  const openNext: AppDeps['openNext'] = async (file, threads) => {
    await loads.pass();
    return openSession(file, threads);
  };
  const reader = { url: files.url, remote: false, read } as Reader;
  app = new TestApp(store.root, { MODEL_REFRESH_SECONDS: '30' }, { reader, openNext });
  await infer();
});
afterEach(async () => {
  looks.release();
  loads.release();
  await app.close();
  store.remove();
});

const promote = (version: string, bias: number): void =>
  store.promote(store.publish('tiny', version, { model: tinyModel(bias) }));
const infer = (): Promise<Reply> => app.ask('/v1/infer', { body: { inputs: [[1, 2]] } });
const versionOf = ({ headers }: Reply): unknown => headers['x-coldgate-version'];
const waited = ({ headers }: Reply): boolean => /\blook;dur=/.test(headers['server-timing'] ?? '');
const lookMs = ({ headers }: Reply): number => Number(/\blook;dur=([\d.]+)/.exec(headers['server-timing'] ?? '')?.[1]);
/** The first answer after an hour of sleep; asked for again where a busy machine did not manage a look in 300 ms. */
const afterSleep = async (ask: () => Promise<Reply>): Promise<Reply> => {
  for (;;) {
    app.clock += hour;
    const reply = await ask();
    if (versionOf(reply) !== '1.0.0' || !(lookMs(reply) > 290)) return reply;
  }
};
const until = async (come: () => boolean): Promise<void> => {
  while (!come()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('an instance that was frozen while it was idle', () => {
  it('answers its first request with the version that the pointer names by then', async () => {
    promote('1.1.0', 1);
    expect(versionOf(await afterSleep(infer))).toBe('1.1.0');
  });

  it('does so on every route that a model answers', async () => {
    for (const [at, path] of ['/v2/models/tiny', '/v1/openapi.json', '/v2/models/tiny/ready'].entries()) {
      promote(`2.${at}.0`, at);
      app.clock += hour;
      const reply = await app.ask(path);
      if (lookMs(reply) > 290) await until(() => app.logged('swapped').length > at);
      else expect([path, versionOf(reply)]).toEqual([path, `2.${at}.0`]);
    }
  });

  it('does so where the look has begun to load while the request was still coming in', async () => {
    promote('1.1.0', 1);
    loads.close();
    app.clock += hour;
    const reply = app.app.handle({
      method: 'POST',
      url: '/v1/infer',
      headers: { get: (name) => (name === 'content-type' ? 'application/json' : null) },
      read: async () => {
        await until(() => loads.waiting > 0);
        return Buffer.from('{"inputs":[[1,2]]}');
      },
    });
    await until(() => loads.waiting > 0);
    setTimeout(loads.release, 50);
    expect((await reply).headers['x-coldgate-version']).toBe('1.1.0');
  });

  it('waits once its interval and a fifth of it are over, and not before', async () => {
    app.clock += 36 * seconds;
    expect(waited(await infer())).toBe(false);
    await until(() => looks.passed > 1);
    app.clock += 37 * seconds;
    expect(waited(await infer())).toBe(true);
  });

  it('waits for the load of what the look found, longer than for the look', async () => {
    for (let at = 1; ; at++) {
      promote(`1.${at}.0`, at);
      loads.close();
      app.clock += hour;
      const reply = infer();
      await until(() => loads.waiting > 0);
      setTimeout(loads.release, 600);
      const { headers } = await reply;
      if (headers['x-coldgate-version'] === `1.${at}.0`) break;
      // A busy machine, on which the look took longer than is waited for it.
      expect(lookMs(await reply)).toBeGreaterThan(290);
      await until(() => app.logged('swapped').length === at);
    }
  });

  it('waits for one look and no more where the store does not answer, and then serves what it has', async () => {
    looks.close();
    app.clock += hour;
    const replies = await Promise.all([infer(), infer()]);
    expect(replies.map(versionOf)).toEqual(['1.0.0', '1.0.0']);
    const next = await infer();
    expect([next.status, waited(next)]).toEqual([200, false]);
    app.clock += hour;
    expect(waited(await infer())).toBe(true);
  });

  it('looks again where the look that froze with it has seen an older pointer', async () => {
    looks.close();
    app.clock += 31 * seconds;
    expect(waited(await infer())).toBe(false);
    await until(() => looks.waiting > 0);
    promote('1.1.0', 1);
    looks.release();
    expect(versionOf(await afterSleep(infer))).toBe('1.1.0');
  });

  it('goes on with the load that froze with it before it answers', async () => {
    promote('1.1.0', 1);
    loads.close();
    app.clock += 31 * seconds;
    expect(versionOf(await infer())).toBe('1.0.0');
    await until(() => loads.waiting > 0);
    app.clock += 2 * seconds;
    setTimeout(loads.release, 50);
    expect(versionOf(await infer())).toBe('1.1.0');
  });
});

describe('an instance that is busy', () => {
  it('waits for no look', async () => {
    looks.close();
    for (let at = 0; at < 40; at++) {
      app.clock += seconds;
      const reply = await infer();
      expect([versionOf(reply), waited(reply)]).toEqual(['1.0.0', false]);
      if (at === 32) {
        await until(() => looks.waiting > 0);
        looks.release();
        await until(() => looks.waiting === 0);
      }
    }
  });

  it('waits for no load', async () => {
    promote('1.1.0', 1);
    loads.close();
    for (let at = 0; at < 90; at++) {
      app.clock += seconds;
      const reply = await infer();
      expect([versionOf(reply), waited(reply)]).toEqual(['1.0.0', false]);
      if (at === 31) await until(() => loads.waiting > 0);
    }
    loads.release();
    await until(() => app.logged('swapped').length > 0);
    expect(versionOf(await infer())).toBe('1.1.0');
  });
});

describe('what kept the pointer from being read', () => {
  it('is forgotten once it is read again', async () => {
    const pointer = `${store.root}/${pointerKey('tiny')}`;
    renameSync(pointer, `${pointer}.away`);
    app.clock += 2 * seconds;
    const failed = { status: 'failed', code: 'model-not-found' };
    expect((await app.ask('/v1/health?warm=true')).json).toMatchObject({ pointer: failed });
    renameSync(`${pointer}.away`, pointer);
    app.clock += 2 * seconds;
    expect((await app.ask('/v1/health?warm=true')).json).toMatchObject({ pointer: { status: 'current' } });
  });
});
