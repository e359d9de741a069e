import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Job } from '../../src/optimize/jobs.ts';
import { runInChild } from '../../src/optimize/run-in-child.ts';
import { encodeModel, graphAttribute, node, tensor, tensorType, value } from '../fixtures/onnx.ts';
import { bytes, text } from '../fixtures/protobuf.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-child-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const source = (path: string): string => join(import.meta.dirname, '../../src', path);
const entry = source('optimize/entry.ts');
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(root, name);
  writeFileSync(path, content);
  return path;
};

const bounds = { timeoutMs: 60_000, memoryBytes: 2 ** 40 };
const nowhere: Job = { do: 'check', model: '/nowhere.onnx' };

/** Its Loop turns 2^62 times: the native code does not come back, and nothing else runs in its thread. */
const endless = (): Buffer => {
  const int64 = (number: bigint): Uint8Array => new Uint8Array(BigInt64Array.of(number).buffer);
  const scalar = (name: string, dtype: 'int64' | 'bool' | 'float32'): Buffer => value(name, tensorType(dtype, []));
  const body = graphAttribute(
    'body',
    bytes(1, node('Identity', ['go'], ['on'])),
    bytes(1, node('Sin', ['old'], ['new'])),
    text(2, 'body'),
    ...[scalar('i', 'int64'), scalar('go', 'bool'), scalar('old', 'float32')].map((one) => bytes(11, one)),
    ...[scalar('on', 'bool'), scalar('new', 'float32')].map((one) => bytes(12, one)),
  );
  return encodeModel({
    nodes: [node('Loop', ['turns', 'true', 'x'], ['y'], body)],
    initializers: [tensor('turns', 'int64', [], int64(2n ** 62n)), tensor('true', 'bool', [], Uint8Array.of(1))],
    inputs: [scalar('x', 'float32')],
    outputs: [scalar('y', 'float32')],
  });
};
const endlessJob = (): Job => ({
  do: 'check',
  model: file('endless.onnx', endless()),
  sample: file('endless.json', '{"inputs":{"x":1}}'),
});

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A process that nobody has waited for yet has a number, and nothing else.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
const until = async (what: () => boolean): Promise<void> => {
  const end = Date.now() + 60_000;
  while (!what()) {
    if (Date.now() > end) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

describe('the process that works on a model', () => {
  it('may die without taking its parent along', async () => {
    const dies = file('dies.mjs', 'process.stderr.write("native words"); process.kill(process.pid, "SIGSEGV");');
    const failed = runInChild(nowhere, { entry: dies, ...bounds });
    const data = { stderr: 'native words' };
    await expect(failed).rejects.toMatchObject({ code: 'optimizer-crashed', exit: 3, data });
  });

  it('is ended when it is no longer wanted', async () => {
    const hangs = file('hangs.mjs', 'setInterval(() => {}, 1000);');
    const stopped = runInChild(nowhere, { entry: hangs, ...bounds, signal: AbortSignal.timeout(50) });
    await expect(stopped).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('is not shown the environment, and has telemetry switched off', async () => {
    const shows = file('shows.mjs', 'console.log(JSON.stringify({ result: process.env }));');
    const seen = await runInChild(nowhere, { entry: shows, ...bounds, env: { LANG: 'C' } });
    const names = Object.keys(seen).filter((name) => !name.startsWith('__'));
    expect(names.sort()).toEqual(['LANG', 'ORT_DISABLE_TELEMETRY']);
  });

  it('is ended at its bound of time, in the middle of native code', async () => {
    const job = endlessJob();
    const failed = runInChild(job, { entry, ...bounds, timeoutMs: 3000, advice: 'Set more.' });
    const message = `Working on ${job.model} took longer than 3 s, and was stopped.`;
    await expect(failed).rejects.toMatchObject({ code: 'optimizer-timeout', exit: 3, message, hint: 'Set more.' });
  });

  it('is ended at its bound of memory, in the middle of native code', async () => {
    const job = endlessJob();
    const failed = runInChild(job, { entry, ...bounds, memoryBytes: 16 * 2 ** 20, advice: 'Set more.' });
    const message = `Working on ${job.model} took more than 16 MiB of memory, and was stopped.`;
    await expect(failed).rejects.toMatchObject({ code: 'optimizer-memory', exit: 3, message, hint: 'Set more.' });
  });

  it.skipIf(process.platform !== 'linux')('ends with its parent, whoever kills that', async () => {
    const pidFile = join(root, 'pid');
    // Tells its number when it is about to begin, as optimize.mjs itself does not.
    const script = file(
      'told.ts',
      `import { writeFileSync } from 'node:fs';
       import { isMainThread } from 'node:worker_threads';
       if (isMainThread) writeFileSync(${JSON.stringify(pidFile)}, String(process.pid));
       await import(${JSON.stringify(entry)});`,
    );
    const parent = file(
      'parent.ts',
      `import { runInChild } from ${JSON.stringify(source('optimize/run-in-child.ts'))};
       await runInChild(${JSON.stringify(endlessJob())}, ${JSON.stringify({ entry: script, ...bounds })});`,
    );
    const started = spawn(process.execPath, [parent], { stdio: 'inherit' });
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    const pid = Number(readFileSync(pidFile, 'utf8'));
    // Some processor time of its own: it is in the model now.
    const ticks = (): number => Number(readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[13]);
    await until(() => ticks() > 60);
    expect(isAlive(pid)).toBe(true);
    started.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});
