import { beforeEach, describe, expect, it } from 'vitest';
import { doctorRecordKey, fileKey, manifestKey, tombstoneKey } from '../../../src/model/layout.ts';
import { encodeTombstone } from '../../../src/registry/version/tombstone.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { ObjectInfo, ObjectMeta, Store, Token } from '../../../src/stores/store.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import {
  artifact,
  codeOf,
  failureOf,
  filesOf,
  keysOf,
  model,
  overwrite,
  removeKey,
  Simulation,
  textAt,
} from '../../fakes/registry/simulation.ts';
import { CountingStore, type Request, WrappedStore } from '../../fakes/registry/wrapped-store.ts';

const derived = [artifact('artifacts/model.ort', 'fast')];
const files = ['labels.json', 'model.onnx', 'sample.json', 'artifacts/model.ort'];
let from: Store;
let store: Store;
let staging: Simulation;
let production: Simulation;

beforeEach(async () => {
  from = openMemoryStore();
  store = openMemoryStore();
  staging = new Simulation(from);
  production = new Simulation(store);
  await staging.publish('1.1.0', filesOf('a'), { derived });
});

/** A provider that copies between its stores by itself. */
class Copying extends WrappedStore {
  copies: string[] = [];

  async copyFrom(source: Store, key: string, to: { key: string; info: ObjectInfo; meta: ObjectMeta }): Promise<Token> {
    this.copies.push(key);
    const object = await source.get(key);
    return this.inner.put(to.key, object.body, 'absent', to.meta);
  }
}

describe('a version that is promoted in another store', () => {
  it('has the same bytes there, its manifest among them and last, with sample and artifacts', async () => {
    const counting = new CountingStore(store);
    const result = await new Simulation(counting).copy(from, '1.1.0');
    expect(result).toMatchObject({ copied: true, wouldCopy: false, version: '1.1.0' });
    expect(result.files.map(({ path, how }) => [path, how])).toEqual(files.map((path) => [path, 'streamed']));
    for (const path of [...files, 'manifest.json']) {
      const key = fileKey(model, '1.1.0', path);
      expect(await textAt(store, key)).toBe(await textAt(from, key));
      expect((await store.head(key))?.meta).toEqual((await from.head(key))?.meta);
    }
    const writes = counting.requests.filter(({ operation }) => operation === 'put').map(({ key }) => key);
    expect(writes.at(-1)).toBe(manifestKey(model, '1.1.0'));
    expect(await keysOf(store, `${model}/leases/`)).toEqual([]);
  });

  it('is read back once, before it becomes visible, and promoted without another look', async () => {
    await production.publish('1.0.0');
    await production.promote('1.0.0');
    const counting = new CountingStore(store);
    const moved = await new Simulation(counting).promoteFrom(from, '1.1.0');
    expect(moved).toMatchObject({ promoted: true, version: '1.1.0', previousVersion: '1.0.0', sequence: 2 });
    const order = counting.of('versions/1.1.0/');
    const written = order.indexOf(`put ${manifestKey(model, '1.1.0')}`);
    const reads = order.filter((line) => line.startsWith('get '));
    expect(reads).toEqual(files.map((path) => `get ${fileKey(model, '1.1.0', path)}`));
    expect(order.slice(written + 1)).toEqual([]);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('passes no byte through this machine where the provider copies', async () => {
    const copying = new Copying(store);
    const reading = new CountingStore(from);
    const { files: brought } = await new Simulation(copying).copy(reading, '1.1.0');
    expect(brought.map(({ how }) => how)).toEqual(files.map(() => 'by-store'));
    expect(copying.copies).toEqual(files.map((path) => fileKey(model, '1.1.0', path)));
    expect(await codeOf(production.verify({ version: '1.1.0' }))).toBe('done');
  });

  it('is streamed where a provider that can copy cannot copy this', async () => {
    const copying = new Copying(store);
    copying.copyFrom = async () => undefined as unknown as Token;
    expect((await new Simulation(copying).copy(from, '1.1.0')).files.map(({ how }) => how)).toEqual(
      files.map(() => 'streamed'),
    );
  });

  it('is verified and not copied again when it is there', async () => {
    await production.copy(from, '1.1.0');
    const counting = new CountingStore(store);
    const again = await new Simulation(counting).copy(from, '1.1.0');
    expect(again).toMatchObject({ copied: false, files: [] });
    expect(counting.requests.filter(({ operation }) => operation === 'put')).toEqual([]);
    expect(counting.of('model.onnx')).toHaveLength(1);
    await overwrite(store, fileKey(model, '1.1.0', 'model.onnx'), 'damage');
    expect(await codeOf(production.copy(from, '1.1.0'))).toBe('checksum-mismatch');
  });

  it('is the same version when the same files were published in both', async () => {
    production.clock = new Date('2026-05-01T00:00:00Z');
    await production.publish('1.1.0', filesOf('a'));
    expect(await production.promoteFrom(from, '1.1.0')).toMatchObject({ promoted: true, version: '1.1.0' });
    expect(await keysOf(store, `${model}/versions/1.1.0/artifacts`)).toEqual([]);
  });

  it('takes the files over that a killed copy left, and puts back what a version lost', async () => {
    await overwrite(store, fileKey(model, '1.1.0', 'labels.json'), filesOf('a')['labels.json']!);
    const { files: brought, copied } = await production.copy(from, '1.1.0');
    expect([copied, brought.map(({ how }) => how)]).toEqual([true, ['adopted', 'streamed', 'streamed', 'streamed']]);
    await removeKey(store, fileKey(model, '1.1.0', 'artifacts/model.ort'));
    const healed = await production.copy(from, '1.1.0');
    expect(healed).toMatchObject({ copied: false, files: [{ path: 'artifacts/model.ort', how: 'streamed' }] });
    expect(await checkInvariants(store, model)).toEqual([]);
  });

  it('says what a dry run would do and writes nothing', async () => {
    await overwrite(store, fileKey(model, '1.1.0', 'labels.json'), filesOf('a')['labels.json']!);
    const before = await keysOf(store);
    const plan = await production.copy(from, '1.1.0', { dryRun: true });
    expect(plan).toMatchObject({ copied: false, wouldCopy: true });
    expect(plan.files.map(({ how }) => how)).toEqual(['adopted', 'planned', 'planned', 'planned']);
    const move = await production.promote('1.1.0', { verified: plan.proof, dryRun: true });
    expect(move).toMatchObject({ wouldPromote: true, version: '1.1.0', sequence: 1 });
    expect(await keysOf(store)).toEqual(before);
  });
});

describe('a version that cannot be promoted in another store', () => {
  const refused = async () => failureOf(production.promoteFrom(from, '1.1.0'));

  it('is one that has other bytes there, whatever they are', async () => {
    await production.publish('1.1.0', { ...filesOf('b'), 'labels.json': '["zero","one"]' });
    const failure = await refused();
    expect(failure).toMatchObject({ code: 'version-exists', exit: 3 });
    const { differences } = failure.data as { differences: { stored: string; local: string }[] };
    expect(differences).toHaveLength(1);
    for (const { stored, local } of differences) {
      expect(failure.message).toContain(stored);
      expect(failure.message).toContain(local);
    }
    expect(await keysOf(store, `${model}/current`)).toEqual([]);
  });

  it('is one whose unfinished publish left other bytes there', async () => {
    await overwrite(store, fileKey(model, '1.1.0', 'model.onnx'), 'other');
    expect(await refused()).toMatchObject({ code: 'leftover-differs', exit: 3 });
    expect(await store.head(manifestKey(model, '1.1.0'))).toBeUndefined();
  });

  it('is one that is damaged where it comes from, and nothing of the damage stays', async () => {
    await overwrite(from, fileKey(model, '1.1.0', 'model.onnx'), 'damage');
    for (const simulation of [production, new Simulation(new Copying(store))]) {
      const failure = await failureOf(simulation.copy(from, '1.1.0'));
      expect(failure).toMatchObject({ code: 'checksum-mismatch', exit: 3 });
      expect(failure.message).toContain(from.url);
      expect(await keysOf(store)).toEqual([fileKey(model, '1.1.0', 'labels.json')]);
    }
  });

  it('is one that is not published, or being pruned on either side', async () => {
    expect(await codeOf(production.copy(from, '9.0.0'))).toBe('version-missing');
    const mark = Buffer.from(encodeTombstone('x', 'checking', staging.clock)).toString();
    for (const marked of [from, store]) {
      await overwrite(marked, tombstoneKey(model, '1.1.0'), mark);
      expect(await refused()).toMatchObject({ code: 'version-being-pruned', exit: 6 });
      await removeKey(marked, tombstoneKey(model, '1.1.0'));
    }
  });

  it('is one that vanishes while it is copied', async () => {
    class Vanishing extends WrappedStore {
      protected override async request<T>({ operation, key }: Request, act: () => Promise<T>): Promise<T> {
        if (operation === 'get' && key.endsWith('model.onnx')) await removeKey(this.inner, key);
        return act();
      }
    }
    expect(await codeOf(production.copy(new Vanishing(from), '1.1.0'))).toBe('version-being-pruned');
  });

  it('is any, where doctor found the store to ignore preconditions: nothing is copied there', async () => {
    const record = { schema: 1, trusted: false, failed: ['stale-update'], examined_at: 'today', coldgate: '0.0.0' };
    await overwrite(store, doctorRecordKey, JSON.stringify(record));
    expect(await refused()).toMatchObject({ code: 'store-not-trusted' });
    expect(await keysOf(store)).toEqual([doctorRecordKey]);
  });
});
