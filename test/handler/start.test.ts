import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { tinyModel } from '../fixtures/onnx.ts';
import { FunctionProcess } from './function-process.ts';
import { openAdapterBed } from './platforms/adapter-bed.ts';

const { bundle, store, remove } = await openAdapterBed();
afterAll(remove);

/** Tells at the end which of Node's own modules were loaded. */
const report = join(bundle, 'report-modules.cjs');
writeFileSync(
  report,
  `const { writeSync } = require('node:fs');
process.on('exit', () => writeSync(1, JSON.stringify({ event: 'modules', list: process.moduleLoadList }) + '\\n'));`,
);

async function modulesOf(work: (one: FunctionProcess) => Promise<unknown>, more: Record<string, string> = {}) {
  const variables = { MODEL_PREFIX: store.root, MODEL_NAME: 'tiny', NODE_OPTIONS: `--require=${report}`, ...more };
  const one = new FunctionProcess(bundle, variables);
  await work(one);
  await one.stop();
  return (await one.line('modules'))['list'] as string[];
}

const infer = (one: FunctionProcess) => one.json('/v1/infer', { inputs: [[1, 2]] });

/** What a start must not wait for: each of these takes milliseconds to load. */
const heavy = [
  'child_process',
  'cluster',
  'crypto',
  'dns',
  'https',
  'internal/deps/undici/undici',
  'internal/fs/promises',
  'internal/util/parse_args/parse_args',
  'internal/worker',
  'perf_hooks',
  'zlib',
].map((name) => `NativeModule ${name}`);

describe('a start', () => {
  it('with its model on the disk loads no client, no cryptography', async () => {
    const cache = join(bundle, 'cache');
    const first = await modulesOf(infer, { MODEL_CACHE: cache });
    // It hashed what it read.
    expect(first).toContain('NativeModule crypto');
    const second = await modulesOf(infer, { MODEL_CACHE: cache });
    expect(second).toContain('NativeModule http');
    for (const name of heavy) expect([name, second.includes(name)]).toEqual([name, false]);
  });

  it.each([[['--prot', '1']], [['--port']], [['serve']]])('with arguments %j says which it takes', (args) => {
    const env = { MODEL_STORE: 'file', MODEL_PREFIX: store.root, MODEL_NAME: 'tiny' };
    const { status, stdout } = spawnSync(process.execPath, [join(bundle, 'node.cjs'), ...args], {
      encoding: 'utf8',
      env,
    });
    expect(status).toBe(2);
    const problems = ['Arguments: expected --port N and --host ADDRESS, nothing else.'];
    expect(JSON.parse(stdout)).toMatchObject({ event: 'start-failed', problems });
  });

  it('loads the model ahead of the first request', async () => {
    const one = new FunctionProcess(bundle, { MODEL_PREFIX: store.root, MODEL_NAME: 'tiny' });
    await one.listening();
    let health: unknown;
    for (const until = Date.now() + 20_000; Date.now() < until; await new Promise((r) => setTimeout(r, 20))) {
      health = await one.json('/v1/health');
      if ((health as { loaded: boolean }).loaded) break;
    }
    expect(health).toMatchObject({ loaded: true });
    // The first request that needs it is the cold one all the same, and tells what loading took.
    expect(await one.json('/v1/health?warm=true')).toMatchObject({
      cold_start: true,
      timings: { model_loaded_ms: expect.any(Number) },
    });
    await one.stop();
  });

  it('without a model says so once, and takes what is promoted before the first request', async () => {
    const one = new FunctionProcess(bundle, { MODEL_PREFIX: store.root, MODEL_NAME: 'late' });
    await one.line('load-failed');
    store.promote(store.publish('late', '1.0.0', { model: tinyModel() }));
    expect(await infer(one)).toHaveProperty('outputs');
    await one.stop();
  });

  it.each([
    ['on-demand', false],
    ['provisioned-concurrency', true],
  ])('on Lambda, %s: the model is loaded when initialisation ends: %j', (kind, loaded) => {
    const entry = pathToFileURL(join(bundle, 'lambda.mjs')).href;
    const look = `await import(${JSON.stringify(entry)});
      const maps = (await import('node:fs')).readFileSync('/proc/self/maps', 'utf8');
      console.log(JSON.stringify(maps.includes('libonnxruntime')));`;
    const env = { MODEL_STORE: 'file', MODEL_PREFIX: store.root, MODEL_NAME: 'tiny', MODEL_CACHE: join(bundle, kind) };
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', look], {
      ...{ encoding: 'utf8', cwd: bundle },
      env: { HOME: bundle, AWS_LAMBDA_INITIALIZATION_TYPE: kind, ...env },
    });
    expect(JSON.parse(stdout)).toBe(loaded);
  });
});
