import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/model/digest.ts';
import { fileKey, historyKey, pointerKey } from '../../../src/model/layout.ts';
import { encodeJson, type Pointer } from '../../../src/model/pointer.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import { filesOf, model, overwrite, Simulation, textAt } from '../../fakes/registry/simulation.ts';

const data = 'model.onnx.data';
let store: Store;
let simulation: Simulation;

beforeEach(async () => {
  store = openMemoryStore();
  simulation = new Simulation(store);
  for (const version of ['1.0.0', '1.1.0']) {
    const files = { ...filesOf(version), [data]: `weights of ${version}` };
    await simulation.publish(version, files, { externalData: [data] });
    await simulation.promote(version);
  }
});

const documentAt = async (key: string) => JSON.parse(await textAt(store, key)) as Record<string, unknown>;

/** A client of the plain layout: it knows these fields and no other, and no more of a version than its manifest lists. */
async function readPlainly(): Promise<Record<string, string>> {
  const { version, sha256: digest } = await documentAt(`${model}/current.json`);
  const manifest = await documentAt(`${model}/versions/${version}/manifest.json`);
  expect(manifest).toMatchObject({ name: model, version, framework: 'onnx', created_at: expect.any(String) });
  expect(manifest['input']).toMatchObject({ name: 'x', shape: ['N', 4], dtype: 'float32' });
  const files: Record<string, string> = {};
  for (const entry of manifest['files'] as { path: string; sha256: string; size: number }[]) {
    const text = await textAt(store, `${model}/versions/${version}/${entry.path}`);
    expect([sha256(text), Buffer.byteLength(text)]).toEqual([entry.sha256, entry.size]);
    if (entry.sha256 === digest) files['the model'] = text;
    files[entry.path] = text;
  }
  return files;
}

/** The pointer and its record as a release before this one wrote them. */
async function makeOld(): Promise<void> {
  const { files, ...old } = (await documentAt(pointerKey(model))) as unknown as Pointer;
  expect(files).toHaveLength(2);
  for (const key of [pointerKey(model), historyKey(model, old.sequence)])
    await overwrite(store, key, Buffer.from(encodeJson(old)).toString('utf8'));
}

describe('a model that keeps its tensors in another file', () => {
  it('is read whole by a client of the plain layout', async () => {
    const files = await readPlainly();
    expect(files['the model']).toBe(filesOf('1.1.0')['model.onnx']);
    expect(files[data]).toBe('weights of 1.1.0');
    await simulation.rollback();
    expect((await readPlainly())[data]).toBe('weights of 1.0.0');
  });

  it('is read, verified, kept, moved on and back under a pointer that does not list its files', async () => {
    await makeOld();
    expect((await readPlainly())[data]).toBe('weights of 1.1.0');
    expect(await simulation.verify()).toMatchObject({ verified: true, version: '1.1.0', pointer: { named: true } });
    await simulation.prune();
    expect(await store.head(fileKey(model, '1.1.0', data))).toBeDefined();
    expect(await simulation.rollback()).toMatchObject({ version: '1.0.0' });
    expect((await documentAt(pointerKey(model)))['files']).toHaveLength(2);
    expect(await simulation.promote('1.1.0')).toMatchObject({ promoted: true, previousVersion: '1.0.0' });
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });
});
