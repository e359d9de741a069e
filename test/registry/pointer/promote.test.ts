import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  doctorRecordKey,
  fileKey,
  historyKey,
  manifestKey,
  pointerKey,
  tombstoneKey,
} from '../../../src/model/layout.ts';
import { parsePointer } from '../../../src/model/pointer.ts';
import { encodeTombstone } from '../../../src/registry/version/tombstone.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
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
import { CountingStore, MeddlingStore } from '../../fakes/registry/wrapped-store.ts';
import { embeddedStores } from '../../fakes/stores/folder.ts';

const current = pointerKey(model);
const live = async (store: Store) => parsePointer(Buffer.from(await textAt(store, current)));

for (const [kind, open] of Object.entries(embeddedStores)) {
  describe(`promoting in a ${kind} store`, () => {
    let store: Store;
    let simulation: Simulation;
    let close: () => Promise<void>;

    beforeEach(async () => {
      ({ store, close } = await open());
      simulation = new Simulation(store);
      for (const version of ['1.0.0', '1.1.0', '1.2.0']) await simulation.publish(version);
    });
    afterEach(() => close());

    it('writes a pointer that names version and sha256 first, and the same bytes into the history', async () => {
      const result = await simulation.promote('1.0.0', { runUrl: 'https://ci/1' });
      expect(result).toMatchObject({ promoted: true, previousVersion: null, sequence: 1, recorded: true });
      const text = await textAt(store, current);
      expect(Object.keys(JSON.parse(text)).slice(0, 2)).toEqual(['version', 'sha256']);
      expect(await textAt(store, historyKey(model, 1))).toBe(text);
      const manifest = (await simulation.verify()).manifestSha256;
      const expected = { actor: 'ann', run_url: 'https://ci/1', kind: 'promotion', manifest_sha256: manifest };
      expect(await live(store)).toMatchObject({ ...expected, sequence: 1, previous: null, gate: { verdict: 'pass' } });
      expect((await store.head(current))?.meta.cacheControl).toBe('no-cache');
    });

    it('takes one read and one conditional write of the pointer', async () => {
      await simulation.promote('1.0.0');
      const proof = await simulation.prove('1.1.0');
      const counting = new CountingStore(store);
      await new Simulation(counting).promote('1.1.0', { verified: proof });
      expect(counting.of('current.json')).toEqual([`get ${current}`, `put ${current}`]);
      expect(counting.of('history/')).toEqual([
        `head ${historyKey(model, 2)}`,
        `get ${historyKey(model, 1)}`,
        `put ${historyKey(model, 2)}`,
      ]);
      expect(counting.requests).toHaveLength(6);
      expect(counting.of('_coldgate')).toEqual([`get ${doctorRecordKey}`]);
    });

    it('takes no more of the pointer where it verifies the version itself, which it does after that read', async () => {
      await simulation.promote('1.0.0');
      const counting = new CountingStore(store);
      await new Simulation(counting).promote('1.1.0');
      expect(counting.of('current.json')).toEqual([`get ${current}`, `put ${current}`]);
      const order = counting.requests.map(({ key }) => key).filter((key) => !/history|^_/.test(key));
      expect([order[0], order.at(-1)]).toEqual([current, current]);
      expect(counting.of('versions/')).toHaveLength(5);
    });

    it('is told so when the pointer moved while it verified, but for a move to the very same version', async () => {
      await simulation.promote('1.0.0');
      const meddling = new MeddlingStore(store);
      let other = '1.2.0';
      meddling.after = async ({ key }) => {
        if (key === fileKey(model, '1.1.0', 'model.onnx')) await simulation.promote(other, { actor: 'bob' });
      };
      const failure = await failureOf(new Simulation(meddling).promote('1.1.0'));
      expect(failure).toMatchObject({ code: 'lost-swap', exit: 6 });
      expect(failure.message).toContain('bob moved it from 1.0.0 to 1.2.0');
      other = '1.1.0';
      expect(await new Simulation(meddling).promote('1.1.0')).toMatchObject({ promoted: false, sequence: 3 });
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    });

    it('looks at the version once more where a prune has looked at the pointer since it was verified', async () => {
      await simulation.promote('1.0.0');
      const proof = await simulation.prove('1.2.0');
      await simulation.prune({ only: ['1.1.0'] });
      const counting = new CountingStore(store);
      await new Simulation(counting).promote('1.2.0', { verified: proof });
      expect(counting.of('versions/')).toEqual([`list ${model}/versions/1.2.0/`, `get ${manifestKey(model, '1.2.0')}`]);
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    });

    it('follows from what was live and keeps the history gapless', async () => {
      for (const version of ['1.0.0', '1.1.0', '1.2.0']) await simulation.promote(version);
      expect(await live(store)).toMatchObject({ version: '1.2.0', sequence: 3, previous: { version: '1.1.0' } });
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
      expect(await keysOf(store, `${model}/leases/`)).toEqual([]);
    });

    it('is a no-op for what is live already', async () => {
      await simulation.promote('1.0.0');
      const before = await keysOf(store);
      const counting = new CountingStore(store);
      const again = await new Simulation(counting).promote('1.0.0');
      expect(again).toMatchObject({ promoted: false, version: '1.0.0', sequence: 1 });
      expect(await keysOf(store)).toEqual(before);
      expect(counting.requests.filter((r) => r.operation === 'put')).toEqual([]);
    });

    it('names the artifacts of the manifest, so that a cold start reads no manifest', async () => {
      await simulation.publish('2.0.0', filesOf('b'), { derived: [artifact('artifacts/model.ort', 'fast')] });
      await simulation.promote('2.0.0');
      expect((await live(store)).artifacts.map((a) => a.path)).toEqual(['artifacts/model.ort']);
    });

    it('keeps pointers of several environments apart, each with its own history', async () => {
      await simulation.promote('1.0.0');
      await simulation.promote('1.1.0', { pointer: 'staging.json' });
      await simulation.promote('1.2.0', { pointer: 'staging.json' });
      expect((await live(store)).version).toBe('1.0.0');
      expect(await keysOf(store, `${model}/history/`)).toEqual([
        historyKey(model, 1),
        historyKey(model, 1, 'staging.json'),
        historyKey(model, 2, 'staging.json'),
      ]);
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    });

    it('writes the record that a crash left out before it moves on', async () => {
      await simulation.promote('1.0.0');
      await removeKey(store, historyKey(model, 1));
      await simulation.promote('1.1.0');
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    });

    it('writes the record that a crash left out when there is nothing to move', async () => {
      await simulation.promote('1.0.0');
      await removeKey(store, historyKey(model, 1));
      expect((await simulation.promote('1.0.0')).promoted).toBe(false);
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    });

    it('says what a dry run would do and writes nothing', async () => {
      await simulation.promote('1.0.0');
      const before = await textAt(store, current);
      const result = await simulation.promote('1.1.0', { dryRun: true });
      expect(result).toMatchObject({ promoted: false, wouldPromote: true, previousVersion: '1.0.0', sequence: 2 });
      expect(await textAt(store, current)).toBe(before);
    });

    it('refuses a version that is not there, damaged, or not the verified one', async () => {
      expect(await codeOf(simulation.promote('9.0.0'))).toBe('version-missing');
      await overwrite(store, fileKey(model, '1.1.0', 'model.onnx'), 'damage');
      expect(await codeOf(simulation.promote('1.1.0'))).toBe('checksum-mismatch');
      const proof = await simulation.verify({ version: '1.2.0' });
      expect(await codeOf(simulation.promote('1.0.0', { verified: proof }))).toBe('manifest-changed');
      await removeKey(store, fileKey(model, '1.2.0', 'labels.json'));
      expect(await codeOf(simulation.promote('1.2.0', { verified: proof }))).toBe('version-damaged');
      expect(await store.head(current)).toBeUndefined();
      expect(await keysOf(store, `${model}/leases/`)).toEqual([]);
    });

    it('refuses a tombstone, also one that cannot be read', async () => {
      for (const bytes of [
        encodeTombstone('x', 'checking', simulation.clock),
        encodeTombstone('x', 'deleting', simulation.clock),
        '?',
      ]) {
        await overwrite(store, tombstoneKey(model, '1.0.0'), Buffer.from(bytes).toString());
        expect(await failureOf(simulation.promote('1.0.0'))).toMatchObject({ code: 'version-being-pruned', exit: 6 });
      }
      expect(await store.head(current)).toBeUndefined();
    });

    it('never writes over a pointer that it cannot read', async () => {
      await overwrite(store, current, '{"version":"1.0.0"}');
      expect(await codeOf(simulation.promote('1.1.0'))).toBe('pointer-unusable');
      expect(await textAt(store, current)).toBe('{"version":"1.0.0"}');
    });

    it('goes on where the history ends when the pointer was deleted', async () => {
      await simulation.promote('1.0.0');
      await simulation.promote('1.1.0');
      await removeKey(store, current);
      expect(await simulation.promote('1.2.0')).toMatchObject({ sequence: 3, previousVersion: '1.1.0' });
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    });
  });
}

describe('a pointer that moved since the candidate was measured', () => {
  it('is not moved past', async () => {
    const simulation = new Simulation(openMemoryStore());
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await simulation.publish(version);
    expect(await codeOf(simulation.promote('1.0.0', { expected: { version: null, token: null } }))).toBe('done');
    const failure = await failureOf(simulation.promote('1.1.0', { expected: { version: null } }));
    expect(failure).toMatchObject({ code: 'live-moved', exit: 6, data: { live: { version: '1.0.0' } } });
    expect(await codeOf(simulation.promote('1.1.0', { expected: { token: 'memory:old' } }))).toBe('live-moved');
    expect(await codeOf(simulation.promote('1.1.0', { expected: { version: '1.0.0' } }))).toBe('done');
    // Someone else did what we wanted: nothing to complain about.
    expect(await codeOf(simulation.promote('1.1.0', { expected: { version: '1.0.0' } }))).toBe('done');
  });
});
