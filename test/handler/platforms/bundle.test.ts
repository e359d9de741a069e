import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey } from '../../../src/model/layout.ts';
import { runInChild } from '../../../src/optimize/run-in-child.ts';
import { bundleFiles } from '../../../src/package/bundle-files.ts';
import { tinyModel, tinySample, writeDenseModel } from '../../fixtures/onnx.ts';
import { addNativeFiles, FunctionProcess } from '../function-process.ts';
import { ModelStore, type VersionParts } from '../model/model-store.ts';

const script = pathToFileURL(join(import.meta.dirname, '../../../scripts/build-handler.mjs')).href;
const { buildHandler } = (await import(script)) as { buildHandler(options: { outdir: string }): Promise<void> };

const bundle = mkdtempSync(join(tmpdir(), 'coldgate-bundle-'));
const store = new ModelStore();
const running: FunctionProcess[] = [];
beforeAll(async () => {
  await buildHandler({ outdir: bundle });
  addNativeFiles(bundle);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});
afterAll(() => {
  rmSync(bundle, { recursive: true, force: true });
  store.remove();
});

const start = (variables: Record<string, string> = {}): FunctionProcess => {
  const one = new FunctionProcess(bundle, { MODEL_PREFIX: store.root, MODEL_NAME: 'tiny', ...variables });
  running.push(one);
  return one;
};
const publish = (version: string, bias: number) => {
  const sample = { inputs: tinySample.inputs, outputs: { y: [[5 + bias, 1]] } };
  return store.publish('tiny', version, { model: tinyModel(bias), sample });
};
const scripts = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /\.[cm]js$/.test(name))
    .sort();

describe('the bundle', () => {
  it('is the same bytes each time it is built', async () => {
    const again = mkdtempSync(join(tmpdir(), 'coldgate-bundle-'));
    await buildHandler({ outdir: again });
    expect(scripts(again)).toEqual(scripts(bundle));
    for (const name of scripts(again)) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(bundle, name)))).toBe(true);
    }
    rmSync(again, { recursive: true });
  });

  it('holds nothing of actions, configuration or versions ordering, and no path of the machine', () => {
    for (const name of scripts(bundle)) {
      const text = readFileSync(join(bundle, name), 'utf8');
      for (const foreign of ['@actions/', 'ZodError', 'SemVer', 'js-yaml', join(import.meta.dirname, '../../..')]) {
        expect([name, text.includes(foreign)]).toEqual([name, false]);
      }
    }
  });

  it('is ASCII, which V8 keeps and reads in half of the bytes', () => {
    for (const name of scripts(bundle)) {
      const bytes = readFileSync(join(bundle, name));
      expect([name, bytes.every((byte) => byte < 128)]).toEqual([name, true]);
    }
  });

  it('has an entry for each adapter, and a start reads no more than it runs', async () => {
    const entries = scripts(bundle).filter((name) => !name.includes('.part.'));
    expect(entries).toEqual([
      'azure.mjs',
      'cloud-run.cjs',
      'google-function.cjs',
      'google.mjs',
      'lambda.mjs',
      'node.cjs',
      'optimize.mjs',
    ]);
    // What stands behind an import() of a module is not among its static imports.
    const size = (name: string, read = new Set<string>()): number => {
      if (read.has(name)) return 0;
      read.add(name);
      const text = readFileSync(join(bundle, name), 'utf8');
      const needed = [...text.matchAll(/from"\.\/([^"]+)"/g)].map((match) => match[1] as string);
      return text.length + needed.reduce((sum, one) => sum + size(one, read), 0);
    };
    // What unpacks bodies and streams answers is a part each; some hundred characters choose them.
    for (const name of ['node.part.cjs', 'google.mjs', 'lambda.mjs'])
      expect([name, size(name) < 83_000]).toEqual([name, true]);
    // The framework brings the function along, and knows nothing of it before it loads it.
    expect(size('google-function.cjs')).toBeLessThan(200_000);
    const framed = (await bundleFiles(bundle, 'google-function.cjs')).map((file) => file.name);
    expect(framed).toEqual(expect.arrayContaining(['google-function.cjs', 'google.mjs', 'application.part.mjs']));
    // Each loads the one part, and a package has all of its parts and no other entry.
    for (const name of ['node.cjs', 'cloud-run.cjs']) {
      expect([name, size(name) < 2000]).toEqual([name, true]);
      const parts = scripts(bundle).filter((one) => one === name || one.endsWith('.part.cjs'));
      const packed = (await bundleFiles(bundle, name)).map((file) => file.name);
      expect(packed.filter((file) => !file.endsWith('.wasm'))).toEqual(parts);
      expect(packed.filter((file) => file.endsWith('.wasm'))).toEqual(['mozjpeg_dec.wasm', 'webp_dec.wasm']);
    }
  });
});

describe('the function as a process', () => {
  it('starts, serves, logs a line each and ends on SIGTERM', async () => {
    store.promote(publish('1.0.0', 0.5));
    const one = start({ COLDGATE_REVISION: 'r1', COLDGATE_THREADS: '1' });
    const { instanceId, pid } = await one.listening();
    expect(await one.json('/v1/health')).toMatchObject({ instance_id: instanceId, pid, revision: 'r1' });
    expect(await one.json('/v1/health?warm=true')).toMatchObject({
      cold_start: true,
      sample: 'ok',
      model: { version: '1.0.0' },
    });
    expect(await one.json('/v1/infer', { inputs: [[1, 2]] })).toMatchObject({ outputs: { y: [[5.5, 1]] } });
    expect((await one.fetch('/v1/openapi.json')).status).toBe(200);
    // Telemetry of the runtime would have made a folder in its home.
    expect(existsSync(one.home)).toBe(false);
    running.pop();
    expect(await one.stop()).toBe(0);
    const requests = one.lines.filter((line) => line['event'] === 'request');
    expect(requests.map((line) => [line['route'], line['cold_start']])).toEqual([
      ['/v1/health', false],
      ['/v1/health', true],
      ['/v1/infer', false],
      ['/v1/openapi.json', false],
    ]);
  });

  it('decodes pictures with the codecs that lie beside it', async () => {
    const fixture = (path: string): Buffer => readFileSync(join(import.meta.dirname, '../../fixtures/shapes', path));
    const picture = { resize: { height: 32, width: 32 }, rescale: 1 / 255, input: 'pixel_values', max_pixels: 1e6 };
    const task = {
      kind: 'image-classification',
      picture,
      output: 'logits',
      labels: [1, 2, 3, 4],
      scores: 'softmax',
      top: 1,
    };
    const inputs = [{ name: 'pixel_values', dtype: 'float32', shape: ['batch', 3, 32, 32] }];
    const outputs = [{ name: 'logits', dtype: 'float32', shape: ['batch', 4] }];
    const parts = { model: fixture('model.onnx'), inputs, outputs, task } as VersionParts;
    store.promote(store.publish('shapes', '1.0.0', parts));
    const one = start({ MODEL_NAME: 'shapes' });
    const images = ['circle-0.jpg', 'square-1.png', 'stripes-2.webp'].map((name) => fixture(name).toString('base64'));
    const scored = [{ label: expect.any(Number), score: expect.any(Number) }];
    expect(await one.json('/v1/predict', { images })).toMatchObject({ predictions: [scored, scored, scored] });
    expect(one.errors).toEqual([]);
  });

  it('follows a flip of the pointer while it serves, without a failed request', async () => {
    store.promote(publish('1.0.0', 0.5));
    const one = start({ MODEL_REFRESH_SECONDS: '1' });
    await one.json('/v1/health?warm=true');
    store.promote(publish('1.1.0', 1));
    const versions = new Set<string>();
    while (!versions.has('1.1.0')) {
      const response = await one.fetch('/v1/infer', { inputs: [[1, 2]] });
      const { outputs, model } = (await response.json()) as { outputs: unknown; model: { version: string } };
      expect([response.status, outputs]).toEqual([200, { y: [[model.version === '1.1.0' ? 6 : 5.5, 1]] }]);
      versions.add(model.version);
    }
    expect(await one.line('swapped')).toMatchObject({ from: '1.0.0', to: '1.1.0' });
    expect(one.errors).toEqual([]);
    running.pop();
    expect(await one.stop()).toBe(0);
  });

  it('never loads bytes other than the published ones', async () => {
    publish('1.0.0', 0.5);
    store.write(fileKey('tiny', '1.0.0', 'model.onnx'), tinyModel(0.25));
    const one = start({ MODEL_VERSION: '1.0.0' });
    const response = await one.fetch('/v1/health?warm=true');
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: 'checksum-mismatch' } }]);
    expect(await one.line('load-failed')).toMatchObject({ code: 'checksum-mismatch' });
  });

  it('says which variables are wrong and does not start', async () => {
    const one = start({ MODEL_NAME: '../x', MODEL_REFRESH_SECONDS: 'soon' });
    expect(await one.exited).toBe(2);
    expect(one.lines).toMatchObject([
      { event: 'start-failed', problems: [/^MODEL_NAME/, /^MODEL_REFRESH/].map((r) => expect.stringMatching(r)) },
    ]);
  });

  it.each(['cold', 'steady'] as const)('loads the %s form of a model', async (kind) => {
    const path = join(store.root, `dense-${kind}.onnx`);
    writeDenseModel(path, { layers: 2, width: 512 });
    const out = join(store.root, `out-${kind}`);
    const { artifacts } = await runInChild(
      { do: 'optimize', kind, model: path, out },
      { entry: join(bundle, 'optimize.mjs') },
    );
    const tensors = (name: string) => [{ name, dtype: 'float32' as const, shape: ['batch', 512] }];
    const sample = { inputs: { x: [Array(512).fill(0.5)] } };
    const made = artifacts.map(({ entry, source }) => ({ entry, bytes: readFileSync(source) }));
    const model = readFileSync(path);
    store.publish('dense', '1.0.0', { model, sample, artifacts: made, inputs: tensors('x'), outputs: tensors('y') });
    const one = start({ MODEL_NAME: 'dense', MODEL_VERSION: '1.0.0' });
    const warm = await one.json('/v1/health?warm=true');
    expect(warm).toMatchObject({ sample: 'ok', model: { version: '1.0.0', artifact: { kind } } });
    expect(one.lines.some((line) => line['event'] === 'artifact-refused')).toBe(false);
    const narrow = await one.json('/v1/infer', { inputs: { x: [[1, 2]] } });
    expect(narrow).toMatchObject({ error: { code: 'bad-input', message: expect.stringContaining('512') } });
    // The cold form stays mapped; weights of the steady one are packed for this CPU and let go.
    if (process.platform === 'linux' && kind === 'cold') {
      const maps = readFileSync(`/proc/${(await one.listening()).pid}/maps`, 'utf8');
      expect(maps.match(/\/cache\/[0-9a-f]{64}\.ort$/m)?.[0]).toBe(`/cache/${artifacts[0]?.entry.sha256}.ort`);
    }
  });

  const junk = Buffer.from('no model');
  const form = (fields: object) => ({
    path: 'artifacts/cold.ort',
    sha256: sha256(junk),
    size: junk.byteLength,
    kind: 'cold' as const,
    runtime_version: '1.30.0',
    optimization: 'extended' as const,
    parity: { max_relative: 0, max_absolute: 0 },
    ...fields,
  });
  const stored = (version: string): string => join(store.root, fileKey('tiny', version, 'artifacts/cold.ort'));
  const forms: [string, string, object, (version: string) => void, string | undefined][] = [
    ['was made by another runtime', '5.0.0', { runtime_version: '1.24.3' }, () => {}, undefined],
    ['will not load', '5.1.0', {}, () => {}, 'model-unusable'],
    ['is missing', '5.2.0', {}, (version) => rmSync(stored(version)), 'model-not-found'],
  ];
  it.each(forms)('takes the original where its form %s', async (_what, version, fields, spoil, code) => {
    store.publish('tiny', version, {
      model: tinyModel(),
      sample: tinySample,
      artifacts: [{ entry: form(fields), bytes: junk }],
    });
    spoil(version);
    const one = start({ MODEL_VERSION: version });
    const warm = await one.json('/v1/health?warm=true');
    expect(warm).toMatchObject({ sample: 'ok', model: { version } });
    expect(warm).not.toHaveProperty('model.artifact');
    const refused = one.lines.filter((line) => line['event'] === 'artifact-refused').map((line) => line['code']);
    expect(refused).toEqual(code ? [code] : []);
  });

  it('falls back to nothing where a form has other bytes than the published ones', async () => {
    const artifacts = [{ entry: form({ sha256: sha256('other') }), bytes: junk }];
    store.publish('tiny', '5.3.0', { model: tinyModel(), sample: tinySample, artifacts });
    const one = start({ MODEL_VERSION: '5.3.0' });
    expect(await one.json('/v1/health?warm=true')).toMatchObject({ error: { code: 'checksum-mismatch' } });
  });
});
