import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openGcsReader } from '../../../src/handler/readers/gcs.ts';
import { readSettings } from '../../../src/handler/settings.ts';
import { fileKey } from '../../../src/model/layout.ts';
import { GcsFolder } from '../../fakes/handler/gcs-folder.ts';
import { outside } from '../../fixtures/external.ts';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { TestApp } from '../test-app.ts';
import { ModelStore } from './model-store.ts';

const count = 9;
const names = Array.from({ length: count }, (_, at) => `layers/${at}.bin`);
const fileOf = (at: number): Buffer => {
  // The first is one that comes over one connection all the same.
  const bytes = Buffer.alloc(at === 0 ? 9 * 1024 * 1024 : 4);
  bytes.writeFloatLE(2 ** at);
  return bytes;
};
/** y = x + b0 + b1 + …, each of them in a file of its own. */
const model = encodeModel({
  nodes: names.map((_, at) => node('Add', [at ? `s${at}` : 'x', `b${at}`], [at === count - 1 ? 'y' : `s${at + 1}`])),
  initializers: names.map((name, at) => outside(`b${at}`, [name, 0, 4], { shape: [1] })),
  inputs: [value('x', tensorType('float32', ['batch', 2]))],
  outputs: [value('y', tensorType('float32', ['batch', 2]))],
});

/** A model of many small files on a store over a network, whose server a test can hold back. */
let store: ModelStore;
let server: GcsFolder;
let app: TestApp;
beforeEach(async () => {
  store = new ModelStore();
  const files = Object.fromEntries(names.map((name, at) => [name, fileOf(at)]));
  store.promote(store.publish('tiny', '1.0.0', { model, files, externalData: names }));
  server = await new GcsFolder(store.root).start();
  const { variables } = server;
  const { source } = readSettings({ ...variables, MODEL_NAME: 'tiny' });
  app = new TestApp(store.root, variables, { reader: openGcsReader(source, variables) });
});
afterEach(async () => {
  await app.close();
  await server.close();
  store.remove();
});

const warm = '/v1/health?warm=true';
const requestedData = (): string[] => server.requests.filter((name) => name.endsWith('.bin'));

it('is fetched a few files at a time', async () => {
  const release = server.hold('.bin');
  const started = performance.now();
  const warmed = app.ask(warm);
  await expect.poll(requestedData, { timeout: 60_000 }).toHaveLength(4);
  await wait(300);
  expect(requestedData()).toHaveLength(4);
  release();
  const { json } = await warmed;
  const elapsed = performance.now() - started;
  expect(json).toMatchObject({ status: 'ok', model: { version: '1.0.0' } });
  expect(new Set(requestedData()).size).toBe(count);
  expect(requestedData()).toHaveLength(count);
  // What waited side by side is counted once.
  const { timings } = json as { timings: Record<string, number> };
  expect(timings['model_loaded_ms']).toBeLessThanOrEqual(elapsed);
  const { json: answer } = await app.ask('/v1/infer', { body: { inputs: [[0, 1]] } });
  expect(answer).toMatchObject({ outputs: { y: [[511, 512]] } });
});

it('is not loaded with a wrong one among them, and leaves nothing half-written', async () => {
  store.write(fileKey('tiny', '1.0.0', 'layers/2.bin'), fileOf(5));
  const { status, json } = await app.ask(warm);
  expect([status, json]).toMatchObject([503, { error: { code: 'checksum-mismatch' } }]);
  expect(readdirSync(app.cache, { recursive: true }).filter((name) => String(name).includes('.tmp-'))).toEqual([]);
});
