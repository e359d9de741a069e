import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sideBySide } from '../../../src/side-by-side.ts';
import { withChecks } from '../../../src/steps/source/check-model.ts';
import { contextIn } from '../../gate/context.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-checks-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const handlerDir = join(root, 'dist', 'handler');

/** Answers each job with its own number and how many it has done; some models end it. */
const script = `
import { createInterface } from 'node:readline';
let done = 0;
for await (const line of createInterface(process.stdin)) {
  const { model } = JSON.parse(line);
  if (model === 'deadly' || (model === 'deadly-later' && done > 0)) process.kill(process.pid, 'SIGSEGV');
  done++;
  console.log('{"words of native code": true}');
  console.log(JSON.stringify({ result: { pid: process.pid, done, model } }));
}`;

beforeAll(() => {
  const repository = join(import.meta.dirname, '..', '..', '..');
  mkdirSync(join(root, 'node_modules'));
  symlinkSync(join(repository, 'node_modules', 'onnxruntime-node'), join(root, 'node_modules', 'onnxruntime-node'));
  mkdirSync(handlerDir, { recursive: true });
  writeFileSync(join(handlerDir, 'optimize.mjs'), script);
});

interface Answered {
  pid: number;
  done: number;
  model: string;
}

const checkAll = (models: readonly string[], parallel: number, size = 100) =>
  withChecks({ ...contextIn(root), handlerDir, cacheDir: join(root, 'cache') }, parallel, (check) =>
    sideBySide(models, parallel, async (model) => {
      const checked: unknown = await check({ model, size }).catch((error: unknown) => error);
      return checked as Answered & { code?: string };
    }),
  );

describe('checks of many models', () => {
  it('share a few processes where the models are small', async () => {
    const models = Array.from({ length: 30 }, (_, at) => `model ${at}`);
    const answers = await checkAll(models, 3);
    expect(answers.map(({ model }) => model)).toEqual(models);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBeLessThanOrEqual(3);
  });

  it('have a process to themselves where the models are large', async () => {
    const answers = await checkAll(['a', 'b', 'c'], 3, 65 * 2 ** 20);
    expect(answers.map(({ done }) => done)).toEqual([1, 1, 1]);
    expect(new Set(answers.map(({ pid }) => pid)).size).toBe(3);
  });

  it('hold a crash against the model that causes it by itself, and against no other', async () => {
    const models = ['a', 'deadly', 'b', 'deadly-later', 'c'];
    const answers = await checkAll(models, 1);
    expect(answers.map(({ model, code }) => code ?? model)).toEqual(models.with(1, 'optimizer-crashed'));
  });
});

describe('work side by side', () => {
  it('is begun for so many items at once, and answered in their order', async () => {
    let open = 0;
    let most = 0;
    const results = await sideBySide([5, 1, 3, 2, 4], 2, async (turns) => {
      most = Math.max(most, ++open);
      for (let turn = 0; turn < turns; turn++) await null;
      open--;
      return turns * 10;
    });
    expect([most, results]).toEqual([2, [50, 10, 30, 20, 40]]);
    expect(await sideBySide([], 2, async () => 1)).toEqual([]);
  });

  it('begins nothing after a failure', async () => {
    const begun: number[] = [];
    const failed = sideBySide([1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      if (item === 2) throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    expect(begun).toEqual([1, 2]);
  });
});
