import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runtimeVersion } from '../../../src/handler/session/runtime.ts';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, manifestKey, pointerKey } from '../../../src/model/layout.ts';
import type { Artifact, Manifest } from '../../../src/model/manifest.ts';
import { encodeJson, type Pointer } from '../../../src/model/pointer.ts';
import { tinyModel } from '../../fixtures/onnx.ts';
import { TestApp } from '../test-app.ts';
import { ModelStore, type VersionParts } from './model-store.ts';

const zeros = '0'.repeat(64);
const warm = '/v1/health?warm=true';
const body = { inputs: [[1, 2]] };

let store: ModelStore;
let cache: string;
const apps: TestApp[] = [];
beforeEach(() => {
  store = new ModelStore();
  cache = mkdtempSync(join(tmpdir(), 'coldgate-forged-'));
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  rmSync(cache, { recursive: true, force: true });
  store.remove();
});

function open(): TestApp {
  const app = new TestApp(store.root, { MODEL_CACHE: cache });
  apps.push(app);
  return app;
}

/** A form that says who it is: y[0] of x = [1, 2] is 5 + bias, whichever file was loaded. */
function formOf(model: Uint8Array): NonNullable<VersionParts['artifacts']>[number] {
  const entry: Artifact = {
    path: 'artifacts/steady.onnx',
    sha256: sha256(model),
    size: model.byteLength,
    kind: 'steady',
    runtime_version: runtimeVersion,
    optimization: 'extended',
    parity: { max_relative: 0, max_absolute: 0 },
  };
  return { entry, bytes: model };
}

/** Version `1.<bias>.0`; with its form the published model itself is never read. */
function publish(bias: number, withForm: boolean): Manifest {
  const sample = { inputs: { x: [[1, 2]] }, outputs: { y: [[5 + bias, 1]] } };
  const artifacts = withForm ? [formOf(Buffer.concat([tinyModel(bias), Buffer.from([0x32, 0])]))] : [];
  return store.publish('tiny', `1.${bias}.0`, { model: tinyModel(bias), sample, artifacts });
}

const readPointer = (): Pointer => JSON.parse(readFileSync(join(store.root, pointerKey('tiny')), 'utf8')) as Pointer;
const forge = (change: (pointer: Pointer) => object): void =>
  store.write(pointerKey('tiny'), encodeJson({ ...readPointer(), ...change(readPointer()) }));
const withArtifact = (change: object) => (pointer: Pointer) => ({
  artifacts: pointer.artifacts.map((one) => ({ ...one, ...change })),
});

const forgeries: [string, (pointer: Pointer) => object][] = [
  ['sha256', () => ({ sha256: zeros })],
  ['size', ({ size }) => ({ size: size + 1 })],
  ['file', () => ({ file: 'sample.json' })],
  ['manifest_sha256', () => ({ manifest_sha256: zeros })],
  ['version', () => ({ version: '1.0.0' })],
  ['artifacts', () => ({ artifacts: [formOf(tinyModel(7)).entry] })],
];
const artifactForgeries: typeof forgeries = [
  ['no artifacts', () => ({ artifacts: [] })],
  ['the digest of an artifact', withArtifact({ sha256: zeros })],
  ['the size of an artifact', withArtifact({ size: 1 })],
  ['the kind of an artifact', withArtifact({ kind: 'cold' })],
  ['the runtime of an artifact', withArtifact({ runtime_version: '0.0.1' })],
];
const cases = [true, false].flatMap((withForm) =>
  [...forgeries, ...(withForm ? artifactForgeries : [])].map(
    ([what, change]) => [what, withForm ? 'with a form' : 'without one', withForm, change] as const,
  ),
);
const refusal = expect.stringMatching(/^(?:pointer|checksum)-mismatch$/);

describe('a pointer in which one thing is forged', () => {
  it.each(cases)(
    '%s, %s: nothing is loaded, and no made-up digest is repeated',
    async (_what, _how, withForm, change) => {
      publish(0, withForm);
      store.promote(publish(1, withForm));
      forge(change);
      const reply = await open().ask('/v1/infer', { body });
      expect(reply).toMatchObject({ status: 503, json: { error: { code: refusal } } });
      expect(JSON.stringify([reply.headers, reply.json])).not.toContain(zeros);
    },
  );

  it.each(cases)('%s, %s: nor where all of it is in the cache', async (_what, _how, withForm, change) => {
    publish(0, withForm);
    store.promote(publish(1, withForm));
    expect(await open().ask(warm)).toMatchObject({ status: 200 });
    forge(change);
    expect(await open().ask(warm)).toMatchObject({ status: 503, json: { error: { code: refusal } } });
  });

  it.each(cases)(
    '%s, %s: a function that follows it stays with what it serves',
    async (_what, _how, withForm, change) => {
      const first = publish(0, withForm);
      store.promote(first);
      const app = open();
      await app.ask('/v1/infer', { body });
      store.promote(publish(1, withForm));
      forge(change);
      app.clock += 100_000;
      const reply = await app.ask(warm);
      const model = { version: '1.0.0', sha256: sha256(tinyModel(0)) };
      expect(reply.json).toMatchObject({ model, pointer: { status: 'failed', code: refusal } });
      // It stays refused for as long as it stands, and what comes after it is taken.
      app.clock += 2000;
      expect((await app.ask(warm)).json).toMatchObject({ model, pointer: { status: 'failed', code: refusal } });
      store.promote(publish(2, withForm));
      app.clock += 2000;
      expect((await app.ask(warm)).json).toMatchObject({ model: { version: '1.2.0' }, pointer: { status: 'current' } });
    },
  );

  it.each([...forgeries, ...artifactForgeries])(
    '%s: of the very version that is served, it is refused too',
    async (what, change) => {
      store.promote(publish(0, true));
      const app = open();
      await app.ask('/v1/infer', { body });
      forge(what === 'version' ? () => ({ version: '1.1.0' }) : change);
      publish(1, true);
      app.clock += 2000;
      const reply = await app.ask(warm);
      expect(reply.json).toMatchObject({ model: { version: '1.0.0' }, pointer: { status: 'failed', code: refusal } });
      expect(reply.body).not.toContain(zeros);
    },
  );
});

describe('a move', () => {
  it('that is older than the one that is served is refused, and a later one taken', async () => {
    store.promote(publish(0, true));
    const old = readFileSync(join(store.root, pointerKey('tiny')));
    store.promote(publish(1, true));
    const app = open();
    await app.ask('/v1/infer', { body });
    store.write(pointerKey('tiny'), old);
    app.clock += 2000;
    const failed = { status: 'failed', code: 'pointer-went-back' };
    expect((await app.ask(warm)).json).toMatchObject({ model: { version: '1.1.0' }, pointer: failed });
    store.promote(publish(0, true));
    app.clock += 2000;
    expect((await app.ask(warm)).json).toMatchObject({ model: { version: '1.0.0' }, pointer: { status: 'current' } });
  });
});

describe('other documents of a store', () => {
  const spoiled: [string, () => void][] = [
    [
      'a manifest',
      () => store.write(manifestKey('tiny', '1.1.0'), encodeJson({ ...publish(1, true), producer: 'me' })),
    ],
    ['the manifest of another version', () => store.write(manifestKey('tiny', '1.1.0'), encodeJson(publish(0, true)))],
    ['a golden sample', () => store.write(fileKey('tiny', '1.1.0', 'sample.json'), encodeJson({ inputs: {} }))],
    ['a form', () => store.write(fileKey('tiny', '1.1.0', 'artifacts/steady.onnx'), tinyModel(7))],
  ];
  it.each(spoiled)('%s that was changed keeps its version from being served', async (_what, spoil) => {
    store.promote(publish(0, true));
    const app = open();
    await app.ask('/v1/infer', { body });
    store.promote(publish(1, true));
    spoil();
    app.clock += 2000;
    const pointer = { status: 'failed', code: 'checksum-mismatch' };
    expect((await app.ask(warm)).json).toMatchObject({ model: { version: '1.0.0' }, pointer });
    expect(await open().ask(warm)).toMatchObject({ status: 503, json: { error: { code: 'checksum-mismatch' } } });
  });
});

describe('the cache', () => {
  const inCache = (ending: string): string => join(cache, readdirSync(cache).find((name) => name.endsWith(ending))!);
  const changes: [string, () => void][] = [
    ['other bytes under a model', () => writeFileSync(inCache('.onnx'), tinyModel(7))],
    [
      'a sidecar for another digest',
      () =>
        writeFileSync(
          inCache('.onnx.json'),
          readFileSync(inCache('.onnx.json'), 'utf8').replace(/"sha256":"\w+"/, `"sha256":"${zeros}"`),
        ),
    ],
    ['a sidecar that is no JSON', () => writeFileSync(inCache('.onnx.json'), '{')],
    [
      'a manifest cut short',
      () => writeFileSync(inCache('manifest.json'), readFileSync(inCache('manifest.json')).subarray(0, 80)),
    ],
    ['a sidecar that others may write', () => chmodSync(inCache('.onnx.json'), 0o666)],
    ['a model that others may write', () => chmodSync(inCache('.onnx'), 0o666)],
    ['a manifest that others may write', () => chmodSync(inCache('manifest.json'), 0o666)],
  ];
  it.each(changes)('%s: it is not taken, the store is read again', async (_what, change) => {
    const manifest = publish(0, false);
    store.promote(manifest);
    await open().ask(warm);
    change();
    const reply = await open().ask('/v1/infer', { body });
    expect(reply).toMatchObject({
      status: 200,
      json: { outputs: { y: [[5, 1]] }, model: { sha256: manifest.files[0]!.sha256 } },
    });
    expect(readFileSync(inCache('.onnx')).equals(tinyModel(0))).toBe(true);
    expect(JSON.parse(readFileSync(inCache('manifest.json'), 'utf8'))).toEqual(manifest);
  });
});
