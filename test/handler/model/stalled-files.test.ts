import { spawnSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BoundedCalls } from '../../../src/handler/readers/bounded-calls.ts';
import { pointerKey } from '../../../src/model/layout.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { TestApp } from '../test-app.ts';
import { ModelStore } from './model-store.ts';

describe('a pipe in place of the pointer', () => {
  let store: ModelStore;
  let app: TestApp;
  let pointer: string;
  beforeEach(() => {
    store = new ModelStore();
    store.promote(store.publish('tiny', '1.0.0', { model: tinyModel() }));
    app = new TestApp(store.root);
    pointer = join(store.root, pointerKey('tiny'));
  });
  afterEach(async () => {
    await app.close();
    store.remove();
  });

  const warm = async () => (await app.ask('/v1/health?warm=true')).json;
  const putPipe = (): void => {
    rmSync(pointer);
    expect(spawnSync('mkfifo', [pointer]).status).toBe(0);
  };

  it('is no pointer; following goes on once there is one again', async () => {
    await warm();
    putPipe();
    // More often than Node has threads for files.
    for (let at = 0; at < 6; at++) {
      app.clock += 2000;
      const failed = { status: 'failed', code: 'model-not-found' };
      expect(await warm()).toMatchObject({ model: { version: '1.0.0' }, pointer: failed });
    }
    store.promote(store.publish('tiny', '1.1.0', { model: tinyModel(1) }));
    app.clock += 2000;
    expect(await warm()).toMatchObject({ model: { version: '1.1.0' }, pointer: { status: 'current' } });
  });

  it('keeps no function from its first load once it is gone', async () => {
    const kept = `${pointer}.kept`;
    renameSync(pointer, kept);
    expect(spawnSync('mkfifo', [pointer]).status).toBe(0);
    expect(await warm()).toMatchObject({ error: { code: 'model-not-found' } });
    renameSync(kept, pointer);
    app.clock += 60_000;
    expect(await warm()).toMatchObject({ model: { version: '1.0.0' } });
  });
});

describe('calls of a file system that does not answer', () => {
  it('are given up, begin no others, and are forgotten once they have come back', async () => {
    const calls = new BoundedCalls(20);
    let comeBack: (file: number) => void = () => {};
    const left: number[] = [];
    const stuck = () =>
      new Promise<number>((resolve) => {
        comeBack = resolve;
      });
    const refusal = { code: 'store-unavailable' };
    await expect(calls.run(stuck, (file) => left.push(file))).rejects.toMatchObject(refusal);
    let begun = 0;
    const next = async () => ++begun;
    await expect(calls.run(next)).rejects.toMatchObject(refusal);
    expect(begun).toBe(0);
    comeBack(7);
    await new Promise((resolve) => setImmediate(resolve));
    expect(left).toEqual([7]);
    expect(await calls.run(next)).toBe(1);
  });

  it('keep their own failures', async () => {
    const failure = new Error('not there');
    await expect(new BoundedCalls(1000).run(() => Promise.reject(failure))).rejects.toBe(failure);
  });

  it('are not taken for late where the process itself was busy', async () => {
    const calls = new BoundedCalls(20);
    const { stat } = await import('node:fs/promises');
    const requests = calls.run(() => stat('/'));
    for (const until = Date.now() + 100; Date.now() < until; );
    expect((await requests).isDirectory()).toBe(true);
  });
});
