import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Artifact, Manifest } from '../../../src/model/manifest.ts';
import { runInChild } from '../../../src/optimize/run-in-child.ts';
import { writeDenseModel } from '../../fixtures/onnx.ts';
import { addNativeFiles, FunctionProcess } from '../function-process.ts';
import { ModelStore } from './model-store.ts';
import { SteadyLoad } from './steady-load.ts';

const script = pathToFileURL(join(import.meta.dirname, '../../../scripts/build-handler.mjs')).href;
const { buildHandler } = (await import(script)) as { buildHandler(options: { outdir: string }): Promise<void> };
const bundle = mkdtempSync(join(tmpdir(), 'coldgate-flips-'));
const store = new ModelStore();
beforeAll(async () => {
  await buildHandler({ outdir: bundle });
  addNativeFiles(bundle);
});
afterAll(() => {
  rmSync(bundle, { recursive: true, force: true });
  store.remove();
});

const width = 256;
const feeds = { x: { dtype: 'float32', shape: [1, width], data: new Array<number>(width).fill(0.5) } };

/** One version of a model of half a megabyte in its `cold` form, with weights of its own. */
async function publish(seed: number): Promise<{ manifest: Manifest; artifact: Artifact }> {
  const path = join(store.root, `dense-${seed}.onnx`);
  writeDenseModel(path, { layers: 2, width, seed });
  const job = { do: 'optimize' as const, kind: 'cold' as const, model: path, out: join(store.root, `out-${seed}`) };
  const [made] = (await runInChild(job, { entry: join(bundle, 'optimize.mjs') })).artifacts;
  const tensor = (name: string) => [{ name, dtype: 'float32' as const, shape: ['batch', width] }];
  const manifest = store.publish('dense', `1.${seed}.0`, {
    model: readFileSync(path),
    inputs: tensor('x'),
    outputs: tensor('y'),
    sample: { inputs: feeds },
    artifacts: [{ entry: made!.entry, bytes: readFileSync(made!.source) }],
  });
  return { manifest, artifact: made!.entry };
}

const start = (variables: Record<string, string>): FunctionProcess =>
  new FunctionProcess(bundle, { MODEL_PREFIX: store.root, MODEL_NAME: 'dense', COLDGATE_THREADS: '1', ...variables });

async function firstNumber(version: string): Promise<number> {
  const pinned = start({ MODEL_VERSION: version });
  const { outputs } = (await pinned.json('/v1/infer', { inputs: feeds })) as { outputs: { y: { data: number[] } } };
  await pinned.stop();
  return outputs.y.data.find((one) => one !== 0)!;
}

/** Digests of the model files that a process has in its memory. */
const mapped = (pid: number): Set<string> =>
  new Set(readFileSync(`/proc/${pid}/maps`, 'utf8').match(/[0-9a-f]{64}(?=\.ort$)/gm) ?? []);

it('flips under load: nobody fails, no answer mixes versions, and what was replaced leaves the memory', async () => {
  const versions = [await publish(1), await publish(2), await publish(3)];
  const expected = new Map<string, number>();
  for (const { manifest } of versions) expected.set(manifest.version, await firstNumber(manifest.version));
  expect(new Set(expected.values()).size).toBe(3);
  store.promote(versions[0]!.manifest);
  const one = start({ MODEL_REFRESH_SECONDS: '1' });
  const { port, pid } = await one.listening();
  await one.json('/v1/health?warm=true');
  const load = new SteadyLoad({ port, body: JSON.stringify({ inputs: feeds }), connections: 4, expected });
  for (let flip = 1; flip <= 5; flip += 1) {
    store.promote(versions[flip % 3]!.manifest);
    while (one.lines.filter(({ event }) => event === 'swapped').length < flip) await after(10);
  }
  await after(100);
  await load.stop();
  expect(load.answered.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(new Set(load.answered.map(({ version }) => version))).toEqual(new Set(expected.keys()));
  expect(load.answered.length).toBeGreaterThan(100);
  expect(one.lines.filter(({ level }) => level !== 'info' && level !== undefined)).toEqual([]);
  if (process.platform === 'linux') {
    // The last flip was to the third version; the worker of the one before takes a moment to end.
    while (mapped(pid).size > 1) await after(10);
    expect([...mapped(pid)]).toEqual([versions[2]!.artifact.sha256]);
  }
  expect(await one.stop()).toBe(0);
});
