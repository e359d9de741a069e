import { beforeEach, describe, expect, it } from 'vitest';
import { fileKey, historyKey, manifestKey, pointerKey } from '../../../src/model/layout.ts';
import { parsePointer } from '../../../src/model/pointer.ts';
import { checkHistory } from '../../../src/registry/pointer/history.ts';
import { repairHistory } from '../../../src/registry/pointer/repair.ts';
import { modelStatus, statusFaults } from '../../../src/registry/pointer/status.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import {
  artifact,
  codeOf,
  failureOf,
  filesOf,
  model,
  overwrite,
  removeKey,
  Simulation,
  textAt,
} from '../../fakes/registry/simulation.ts';

let store: Store;
let simulation: Simulation;
const current = pointerKey(model);

beforeEach(async () => {
  store = openMemoryStore();
  simulation = new Simulation(store);
  for (const version of ['1.0.0', '1.1.0']) {
    await simulation.publish(version, filesOf(version), { derived: [artifact('artifacts/model.ort', version)] });
    await simulation.promote(version);
  }
});

const repair = () => repairHistory({ store, model, log: simulation.log });
const change = async (key: string, fields: object) =>
  overwrite(store, key, JSON.stringify({ ...JSON.parse(await textAt(store, key)), ...fields }));
const faults = async () =>
  Object.fromEntries(
    [...(await statusFaults(store, await modelStatus(store, model), ['current.json']))].map(([name, found]) => [
      name,
      found.map(({ code }) => code),
    ]),
  );

describe('what status holds a pointer against', () => {
  it('finds nothing in what moves and prunes wrote', async () => {
    expect(await faults()).toEqual({});
    await simulation.prune({ retain: 1 });
    expect(await faults()).toEqual({});
    await removeKey(store, historyKey(model, 2));
    expect(await faults()).toEqual({});
  });

  const forgeries: [string, object][] = [
    ['sha256', { sha256: '0'.repeat(64) }],
    ['file', { file: 'labels.json' }],
    ['size', { size: 1 }],
    ['manifest_sha256', { manifest_sha256: '0'.repeat(64) }],
    ['artifacts', { artifacts: [] }],
  ];
  for (const [field, fields] of forgeries) {
    it(`finds ${field} made up, also where the record was changed alike, and no verb goes on from it`, async () => {
      await change(current, fields);
      expect(await faults()).toEqual({ 'current.json': ['differs-from-manifest', 'differs-from-record'] });
      await overwrite(store, historyKey(model, 2), await textAt(store, current));
      expect(await faults()).toEqual({ 'current.json': ['differs-from-manifest'] });
      const before = await textAt(store, current);
      for (const verb of [
        () => simulation.rollback(),
        () => simulation.rollback({ to: '1.0.0' }),
        () => simulation.prune(),
        () => simulation.verify(),
      ])
        expect((await failureOf(verb())).exit).toBe(3);
      if (field !== 'manifest_sha256') expect(await codeOf(simulation.promote('1.1.0'))).toBe('pointer-differs');
      expect(await textAt(store, current)).toBe(before);
    });
  }

  it('finds a move that is another one than its record', async () => {
    await change(current, { actor: 'mallory' });
    expect(await faults()).toEqual({ 'current.json': ['differs-from-record'] });
    expect(await failureOf(simulation.promote('1.0.0'))).toMatchObject({ code: 'pointer-differs', exit: 3 });
  });

  it('finds a version that is not there, or not whole', async () => {
    await removeKey(store, fileKey(model, '1.1.0', 'labels.json'));
    expect(await faults()).toEqual({ 'current.json': ['version-missing'] });
    await removeKey(store, manifestKey(model, '1.1.0'));
    expect(await faults()).toEqual({ 'current.json': ['version-missing'] });
    expect(await codeOf(simulation.rollback())).toBe('done');
  });

  it('tells a file that was written over, which no publish mends, from one that is missing', async () => {
    const output = async () => (await failureOf(simulation.prune())).hint;
    await overwrite(store, fileKey(model, '1.1.0', 'labels.json'), 'other bytes than were published');
    expect(await faults()).toEqual({ 'current.json': ['version-damaged'] });
    expect(await output()).toMatch(/^Make another version live/);
    await removeKey(store, fileKey(model, '1.1.0', 'labels.json'));
    expect(await output()).toMatch(/^Publish the same files/);
    await overwrite(store, manifestKey(model, '1.1.0'), '{}');
    expect(await faults()).toEqual({ 'current.json': ['version-damaged'] });
    expect(await output()).toMatch(/^Make another version live/);
    expect(await codeOf(simulation.rollback())).toBe('done');
  });

  it('finds a pointer that is missing, and one that an older copy was put over', async () => {
    const old = await textAt(store, historyKey(model, 1));
    await overwrite(store, current, old);
    expect(await faults()).toEqual({ 'current.json': ['pointer-behind'] });
    await removeKey(store, current);
    expect(await faults()).toEqual({ 'current.json': ['pointer-missing'] });
  });
});

describe('repairing', () => {
  const live = async () => parsePointer(Buffer.from(await textAt(store, current)));

  it('changes nothing where nothing is wrong, and nothing where nothing was promoted', async () => {
    const before = await textAt(store, current);
    expect(await repair()).toMatchObject({ done: 'nothing' });
    expect(await textAt(store, current)).toBe(before);
    expect(await repairHistory({ store, model: 'other', log: simulation.log })).toMatchObject({ done: 'nothing' });
  });

  it('puts a pointer back that is missing or cannot be read, under a fence of its own', async () => {
    const before = await live();
    for (const spoil of [() => removeKey(store, current), () => overwrite(store, current, '{"version":')]) {
      await spoil();
      expect(await repair()).toMatchObject({ done: 'pointer-restored' });
      const { fence, ...rest } = await live();
      expect({ ...rest, fence: before.fence }).toEqual(before);
      expect(fence).not.toBe(before.fence);
      expect(await faults()).toEqual({});
      expect((await checkHistory({ store, model })).problems).toEqual([]);
    }
  });

  it('puts a pointer back that contradicts its version, from the record that does not', async () => {
    await change(current, { sha256: '0'.repeat(64) });
    expect(await repair()).toMatchObject({ done: 'pointer-restored' });
    expect(await faults()).toEqual({});
  });

  it('makes no choice where pointer and record are both plausible, or neither is', async () => {
    await change(current, { actor: 'mallory' });
    expect(await codeOf(repair())).toBe('pointer-differs');
    await change(current, { size: 1 });
    await overwrite(store, historyKey(model, 2), await textAt(store, current));
    expect(await codeOf(repair())).toBe('pointer-differs');
  });

  it('brings back no pointer to a version that is gone', async () => {
    await removeKey(store, current);
    await removeKey(store, manifestKey(model, '1.1.0'));
    expect(await failureOf(repair())).toMatchObject({ code: 'pointer-differs', exit: 3 });
    expect(await store.head(current)).toBeUndefined();
  });
});
