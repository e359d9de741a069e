import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHttpsReader } from '../../../src/handler/readers/https.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, manifestKey, pointerKey } from '../../../src/model/layout.ts';
import { encodeJson } from '../../../src/model/pointer.ts';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';
import { layFiles, outside, tinyGraph, tinyWeights, tinyWith } from '../../fixtures/external.ts';
import { encodeModel, node, tensorType, tinySample, value } from '../../fixtures/onnx.ts';
import { TestApp } from '../test-app.ts';
import { ModelStore, tinyTensors, type VersionParts } from './model-store.ts';

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
  app = new TestApp(store.root, { MODEL_REFRESH_SECONDS: '1', ...variables });
  return app;
};
const warm = '/v1/health?warm=true';
const body = { inputs: [[1, 2]] };
const data = 'model.onnx.data';

/** Every version has the same graph: only the data differs. */
const publish = (version: string, bias = 0.5, more: Partial<VersionParts> = {}) =>
  store.publish('tiny', version, {
    model: tinyGraph(),
    sample: { inputs: tinySample.inputs, outputs: { y: [[5 + bias, 1]] } },
    files: { [data]: tinyWeights(bias) },
    externalData: [data],
    ...more,
  });
const answer = async (to: TestApp) => {
  const { json } = await to.ask('/v1/infer', { body });
  return (json as { outputs: { y: number[][] } }).outputs?.y[0]?.[0];
};
const rewrite = (key: string, change: (document: Record<string, unknown>) => void): void => {
  const document = JSON.parse(readFileSync(join(store.root, key), 'utf8')) as Record<string, unknown>;
  change(document);
  store.write(key, encodeJson(document));
};

describe('a version whose model keeps its tensors in another file', () => {
  it('is served by pointer and by pin, and proven on its sample', async () => {
    store.promote(publish('1.0.0'));
    expect((await open().ask(warm)).json).toMatchObject({ status: 'ok', sample: 'ok', model: { version: '1.0.0' } });
    expect(await answer(app as TestApp)).toBe(5.5);
    await app?.close();
    expect((await open({ MODEL_VERSION: '1.0.0' }).ask(warm)).json).toMatchObject({ sample: 'ok' });
  });

  it('is mapped from the cache, where its bytes lie once', async () => {
    store.promote(publish('1.0.0'));
    const { cache } = open();
    expect(await answer(app as TestApp)).toBe(5.5);
    const lines = readFileSync('/proc/self/maps', 'utf8').split('\n');
    const mapped = lines.filter((line) => line.includes(cache) && line.endsWith(data));
    const inodes = new Set(mapped.map((line) => line.split(/\s+/)[4]));
    const [kept] = readdirSync(cache).filter((name) => name.endsWith('.bin'));
    expect([...inodes]).toEqual([String(statSync(join(cache, kept as string)).ino)]);
  });

  it('is swapped for another with the same graph, and back', async () => {
    const [first, second] = [publish('1.0.0'), publish('1.1.0', 3)];
    store.promote(first);
    const { ask } = { ask: open().ask.bind(app) };
    expect(await answer(app as TestApp)).toBe(5.5);
    for (const [manifest, y] of [
      [second, 8],
      [first, 5.5],
    ] as const) {
      store.promote(manifest);
      (app as TestApp).clock += 10_000;
      expect((await ask(warm)).json).toMatchObject({ sample: 'ok', model: { version: manifest.version } });
      expect(await answer(app as TestApp)).toBe(y);
    }
  });

  it('is loaded again where it was published again with other data and the same graph', async () => {
    store.promote(publish('1.0.0'));
    expect(await answer(open())).toBe(5.5);
    store.promote(publish('1.0.0', 3));
    (app as TestApp).clock += 10_000;
    await app?.ask(warm);
    expect(await answer(app as TestApp)).toBe(8);
  });

  it('is loaded by a pointer of an earlier release, which does not list its files', async () => {
    store.promote(publish('1.0.0'));
    rewrite(pointerKey('tiny'), (pointer) => delete pointer['files']);
    expect((await open().ask(warm)).json).toMatchObject({ sample: 'ok' });
  });

  it('finds its files in folders of the version', async () => {
    const model = tinyWith(outside('w', ['data/w.bin', 0, 16]), outside('b', ['b.bin', 64, 8], { shape: [2] }));
    const files = { 'data/w.bin': tinyWeights(), 'b.bin': tinyWeights() };
    store.promote(publish('1.0.0', 0.5, { model, files, externalData: Object.keys(files) }));
    expect(await answer(open())).toBe(5.5);
  });

  it('takes optional inputs', async () => {
    const model = encodeModel({
      nodes: [node('Gemm', ['x', 'w', 'b'], ['y'])],
      initializers: [outside('w', [data, 0, 16]), outside('b', [data, 64, 8], { shape: [2] })],
      inputs: [value('x', tensorType('float32', ['batch', 2])), value('b', tensorType('float32', [2]))],
      outputs: [value('y', tensorType('float32', ['batch', 2]))],
    });
    const b: TensorInfo = { name: 'b', dtype: 'float32', shape: [2], optional: true };
    store.promote(publish('1.0.0', 0.5, { model, inputs: [...tinyTensors.inputs, b] }));
    const inputs = { x: [[1, 2]], b: [1, 1] };
    expect((await open().ask('/v1/infer', { body: { inputs } })).json).toMatchObject({ outputs: { y: [[6, 2]] } });
    expect(await answer(app as TestApp)).toBe(5.5);
  });

  it('is loaded in its form with tensors alone, which needs the same files', async () => {
    const [first, second] = [publish('1.0.0'), publish('1.1.0', 3)];
    const form = tinyGraph();
    for (const manifest of [first, second]) {
      const path = 'artifacts/tensors.onnx';
      const entry = {
        path,
        sha256: sha256(form),
        size: form.byteLength,
        runtime_version: '',
        optimization: 'none',
      } as const;
      const artifacts = [{ ...entry, kind: 'tensors' as const, parity: { max_relative: 0, max_absolute: 0 } }];
      const { version } = manifest;
      store.write(fileKey('tiny', version, path), form);
      Object.assign(manifest, { artifacts });
      store.write(manifestKey('tiny', version), encodeJson(manifest));
    }
    store.promote(first);
    expect(await answer(open())).toBe(5.5);
    store.promote(second);
    (app as TestApp).clock += 10_000;
    await app?.ask(warm);
    expect(await answer(app as TestApp)).toBe(8);
  });

  it('is not loaded with other data than was published, missing data, or a pointer that names other files', async () => {
    const key = fileKey('tiny', '1.0.0', data);
    const damages: [string, () => void][] = [
      ['checksum-mismatch', () => store.write(key, tinyWeights(9))],
      ['model-not-found', () => rmSync(join(store.root, key))],
      [
        'pointer-mismatch',
        () =>
          rewrite(pointerKey('tiny'), (pointer) => {
            const [model] = pointer['files'] as object[];
            const other = publish('2.0.0', 9).files.find(({ path }) => path === data);
            store.write(key, tinyWeights(9));
            pointer['files'] = [model, other];
          }),
      ],
      [
        'document-unusable',
        () => rewrite(pointerKey('tiny'), (p) => (p['files'] = [{ path: '../x', sha256: 'a', size: 1 }])),
      ],
    ];
    for (const [code, damage] of damages) {
      store.promote(publish('1.0.0'));
      damage();
      const { json, status } = await open().ask(warm);
      expect([status, json]).toMatchObject([503, { error: { code } }]);
      await app?.close();
    }
    publish('1.0.0', 1, { externalData: ['no.bin'] });
    expect((await open({ MODEL_VERSION: '1.0.0' }).ask(warm)).json).toMatchObject({
      error: { code: 'document-unusable' },
    });
  });
});

describe('MODEL_URI', () => {
  const folder = mkdtempSync(join(tmpdir(), 'coldgate-uri-'));
  const serve = (uri: string) => open({ MODEL_URI: uri, MODEL_STORE: '', MODEL_PREFIX: '' });

  it('may name a model with its data beside it, or their folder', async () => {
    layFiles(folder, { 'model.onnx': tinyGraph(), [data]: tinyWeights() });
    for (const uri of [`file://${folder}/model.onnx`, `file://${folder}`]) {
      expect(await answer(serve(uri))).toBe(5.5);
      await app?.close();
    }
  });

  it('may be the URL of a model, with its data at the URL beside it under the same query', async () => {
    const objects: Record<string, Buffer> = { 'model.onnx': tinyGraph(), [data]: tinyWeights() };
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(request.url ?? '');
      const found = objects[/([^/?]+)\?/.exec(request.url ?? '')?.[1] ?? ''];
      response.writeHead(found ? 200 : 404, { etag: '"1"', 'content-length': found?.byteLength ?? 0 }).end(found);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}/b/model.onnx?sig=1`;
    app = new TestApp(store.root, { MODEL_URI: uri }, { reader: openHttpsReader(uri, 'model.onnx') });
    expect(await answer(app)).toBe(5.5);
    expect(requests).toEqual(['/b/model.onnx?sig=1', `/b/${data}?sig=1`]);
    server.close();
  });

  it('reads nothing outside of the folder', async () => {
    layFiles(folder, { 'sub/model.onnx': tinyGraph('../model.onnx.data') });
    expect((await serve(`file://${folder}/sub`).ask(warm)).json).toMatchObject({ error: { code: 'model-unusable' } });
    rmSync(folder, { recursive: true });
  });
});
