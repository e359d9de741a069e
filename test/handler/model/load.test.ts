import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, manifestKey, pointerKey } from '../../../src/model/layout.ts';
import { encodeJson } from '../../../src/model/pointer.ts';
import { encodeModel, node, tensorType, tinyModel, tinySample, value } from '../../fixtures/onnx.ts';
import { bytes, int, message, text } from '../../fixtures/protobuf.ts';
import { TestApp } from '../test-app.ts';
import { ModelStore } from './model-store.ts';

let store: ModelStore;
let app: TestApp | undefined;
beforeEach(() => {
  store = new ModelStore();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  store.remove();
});

const open = (variables: Record<string, string> = {}): TestApp => {
  app = new TestApp(store.root, variables);
  return app;
};
const warm = '/v1/health?warm=true';
const tiny = () => store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample });

describe('loading', () => {
  it('answers a plain health without loading, and a warm one with every timing', async () => {
    store.promote(tiny());
    const { ask, logged } = bind(open({ COLDGATE_REVISION: 'rev-7' }));
    expect((await ask('/v1/health')).json).toMatchObject({
      status: 'ok',
      loaded: false,
      revision: 'rev-7',
      pid: process.pid,
    });
    expect(logged('request')[0]).toMatchObject({ cold_start: false });
    const { json, headers } = await ask(warm);
    expect(json).toMatchObject({
      status: 'ok',
      cold_start: true,
      instance_id: headers['x-coldgate-instance'],
      model: { name: 'tiny', version: '1.0.0', sha256: sha256(tinyModel()) },
      runtime: { version: '1.30.0' },
      sample: 'ok',
    });
    const { timings } = json as { timings: Record<string, number> };
    const names = ['init_ms', 'import_ms', 'runtime_init_ms', 'fetch_ms', 'verify_ms', 'session_ms'];
    const all = [...names, 'model_loaded_ms', 'first_run_ms', 'second_run_ms', 'handler_ms'];
    expect(Object.keys(timings)).toEqual(all);
    expect(timings['init_ms']).toBe(12);
    const { fetch_ms = 0, verify_ms = 0, session_ms = 0 } = timings;
    expect(timings['model_loaded_ms']).toBeCloseTo(fetch_ms + verify_ms + session_ms, 2);
    expect((await ask('/v1/health')).json).toMatchObject({ loaded: true, model: { version: '1.0.0' } });
  });

  it('is cold exactly once, also where many requests come at once', async () => {
    store.promote(tiny());
    const { ask } = bind(open());
    const replies = await Promise.all(Array.from({ length: 8 }, () => ask(warm)));
    expect(replies.filter(({ json }) => (json as { cold_start: boolean }).cold_start)).toHaveLength(1);
    expect(new Set(replies.map(({ json }) => (json as { instance_id: string }).instance_id)).size).toBe(1);
  });

  it('loads a pinned version whatever the pointer says', async () => {
    tiny();
    store.promote(store.publish('tiny', '2.0.0', { model: tinyModel(3) }));
    const { ask } = bind(open({ MODEL_VERSION: '1.0.0' }));
    expect((await ask(warm)).json).toMatchObject({ model: { version: '1.0.0' }, sample: 'ok' });
  });

  it('follows the pointer of another name, and serves several models by path', async () => {
    store.promote(tiny(), 'staging.json');
    store.promote(store.publish('twin', '3.0.0', { model: tinyModel(1) }), 'staging.json');
    const { ask } = bind(open({ MODEL_POINTER: 'staging.json', COLDGATE_MODELS: 'tiny,twin' }));
    const body = { inputs: [[1, 2]] };
    expect((await ask('/v1/infer', { body })).json).toMatchObject({
      outputs: { y: [[5.5, 1]] },
      model: { name: 'tiny' },
    });
    expect((await ask('/v1/models/twin/infer', { body })).json).toMatchObject({
      outputs: { y: [[6, 1]] },
      model: { name: 'twin' },
    });
    expect((await ask('/v1/models')).json).toMatchObject({
      models: [
        { name: 'tiny', version: '1.0.0' },
        { name: 'twin', version: '3.0.0' },
      ],
    });
  });

  it('loads a lone file by MODEL_URI and says its digest', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-uri-'));
    writeFileSync(join(folder, 'model.onnx'), tinyModel());
    const { ask } = bind(open({ MODEL_STORE: '', MODEL_NAME: '', MODEL_URI: `file://${folder}` }));
    expect((await ask(warm)).json).toMatchObject({
      model: { name: 'model', sha256: sha256(tinyModel()) },
      sample: 'none',
    });
    rmSync(folder, { recursive: true });
  });

  it('holds a lone file against MODEL_SHA256, and does not fetch again what it has', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-uri-'));
    const file = join(folder, 'model.onnx');
    writeFileSync(file, tinyModel(7));
    const variables = {
      MODEL_STORE: '',
      MODEL_NAME: '',
      MODEL_URI: `file://${folder}`,
      MODEL_SHA256: sha256(tinyModel()),
    };
    const refused = open(variables);
    expect((await refused.ask(warm)).json).toMatchObject({ error: { code: 'checksum-mismatch' } });
    writeFileSync(file, tinyModel());
    const cache = { MODEL_CACHE: join(folder, 'cache') };
    expect((await open({ ...variables, ...cache }).ask(warm)).json).toMatchObject({
      model: { name: 'model', sha256: sha256(tinyModel()) },
    });
    rmSync(file);
    expect((await open({ ...variables, ...cache }).ask(warm)).json).toMatchObject({ model: { name: 'model' } });
    rmSync(folder, { recursive: true });
  });

  it('says where the golden sample is missed first', async () => {
    const sample = { inputs: { x: [[1, 2]] }, outputs: { y: [[5.5, 1.5]] } };
    store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample }));
    expect((await open().ask(warm)).json).toMatchObject({
      status: 'mismatch',
      sample: 'mismatch',
      sample_difference: { output: 'y', field: 'data[1]', want: '1.5', got: '1' },
    });
  });

  it('loads a model whose weights lie in another file of its version', async () => {
    const weights = new Uint8Array(new Float32Array([1, -1, 2, 1]).buffer);
    const entry = (key: string, text_: string): Buffer => message(13, text(1, key), text(2, text_));
    const w = Buffer.concat([
      int(1, 2),
      int(1, 2),
      int(2, 1),
      text(8, 'w'),
      entry('location', 'data/w.bin'),
      int(14, 1),
    ]);
    const model = encodeModel({
      nodes: [node('MatMul', ['x', 'w'], ['y'])],
      inputs: [value('x', tensorType('float32', ['batch', 2]))],
      outputs: [value('y', tensorType('float32', ['batch', 2]))],
      graph: [bytes(5, w)],
    });
    store.promote(store.publish('tiny', '1.0.0', { model, files: { 'data/w.bin': weights } }));
    expect((await open().ask('/v1/infer', { body: { inputs: [[1, 2]] } })).json).toMatchObject({
      outputs: { y: [[5, 1]] },
    });
  });
});

const bind = (to: TestApp) => ({ ask: to.ask.bind(to), logged: to.logged.bind(to) });

describe('what cannot be loaded', () => {
  const manifestWith = (change: object): void =>
    store.write(manifestKey('tiny', '1.0.0'), encodeJson({ ...tiny(), ...change }));
  const pinned = { MODEL_VERSION: '1.0.0' };
  const refusals: [string, string, Record<string, string>, () => void][] = [
    ['no pointer', 'model-not-found', {}, () => {}],
    ['no version', 'model-not-found', pinned, () => {}],
    [
      'tampered model bytes',
      'checksum-mismatch',
      {},
      () => {
        store.promote(tiny());
        store.write(fileKey('tiny', '1.0.0', 'model.onnx'), tinyModel(9));
      },
    ],
    [
      'a cut model',
      'checksum-mismatch',
      pinned,
      () => {
        tiny();
        store.write(fileKey('tiny', '1.0.0', 'model.onnx'), tinyModel().subarray(0, 60));
      },
    ],
    [
      'a published file that is no model',
      'model-unusable',
      {},
      () => {
        store.promote(store.publish('tiny', '1.0.0', { model: Buffer.from('<html>') }));
      },
    ],
    ['a pointer that is no JSON', 'document-unusable', {}, () => store.write(pointerKey('tiny'), Buffer.from('{'))],
    [
      'a pointer to a path outside',
      'document-unusable',
      {},
      () => {
        const manifest = tiny();
        manifest.files[0]!.path = '../../other/model.onnx';
        store.promote(manifest);
      },
    ],
    ['a pointer to no version', 'document-unusable', {}, () => store.promote({ ...tiny(), version: '../2' })],
    ['a manifest of another version', 'document-unusable', pinned, () => manifestWith({ version: '1.0.1' })],
    ['a manifest of another model', 'document-unusable', pinned, () => manifestWith({ name: 'other' })],
    ['a manifest without its model file', 'document-unusable', pinned, () => manifestWith({ model: 'other.onnx' })],
    ['an artifact path outside', 'document-unusable', pinned, () => manifestWith({ artifacts: [hostileArtifact] })],
  ];
  const hostileArtifact = {
    path: 'artifacts/../../x.ort',
    sha256: '0'.repeat(64),
    size: 1,
    kind: 'cold',
    runtime_version: '1.30.0',
    optimization: 'extended',
    parity: {},
  };

  it.each(refusals)('answers 503 for %s', async (_what, code, variables, prepare) => {
    prepare();
    const { ask, logged } = bind(open(variables));
    const reply = await ask('/v1/infer', { body: { inputs: [[1, 2]] } });
    expect(reply).toMatchObject({ status: 503, json: { error: { code } } });
    expect(Number(reply.headers['retry-after'])).toBeGreaterThan(0);
    expect(reply.body).not.toContain(store.root);
    expect(logged('load-failed')).toMatchObject([{ code, model: 'tiny' }]);
    expect(logged('request')).toMatchObject([{ code, status: 503, cold_start: true }]);
  });

  it('tries again only after a while, and then serves', async () => {
    const opened = open();
    const { ask, logged } = bind(opened);
    const body = { inputs: [[1, 2]] };
    expect(await ask('/v1/infer', { body })).toMatchObject({ status: 503 });
    store.promote(tiny());
    expect(await ask('/v1/infer', { body })).toMatchObject({ status: 503 });
    expect(logged('load-failed')).toHaveLength(1);
    opened.clock += 1000;
    expect(await ask('/v1/infer', { body })).toMatchObject({ status: 200 });
    expect(logged('request').map((line) => line['cold_start'])).toEqual([true, false, false]);
  });

  it('does not trust a sample whose bytes were changed', async () => {
    store.promote(tiny());
    store.write(fileKey('tiny', '1.0.0', 'sample.json'), encodeJson({ ...tinySample, outputs: {} }));
    expect(await open().ask(warm)).toMatchObject({ status: 503, json: { error: { code: 'checksum-mismatch' } } });
  });
});
