import { beforeEach, describe, expect, it } from 'vitest';
import { historyKey, historySequence, pointerKey } from '../../../src/model/layout.ts';
import { checkHistory, readHistory } from '../../../src/registry/pointer/history.ts';
import { repairHistory } from '../../../src/registry/pointer/repair.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { codeOf, model, overwrite, removeKey, Simulation, textAt } from '../../fakes/registry/simulation.ts';
import { CountingStore } from '../../fakes/registry/wrapped-store.ts';

let store: Store;
let simulation: Simulation;

beforeEach(async () => {
  store = openMemoryStore();
  simulation = new Simulation(store);
  for (const version of ['1.0.0', '1.1.0']) await simulation.publish(version);
  for (let turn = 0; turn < 6; turn += 1) await simulation.promote(turn % 2 ? '1.1.0' : '1.0.0');
});

const problems = async () => (await checkHistory({ store, model })).problems.map((p) => `${p.code} ${p.sequence}`);

describe('reading the history', () => {
  it('shows the newest moves first', async () => {
    const view = await readHistory({ store, model, limit: 4 });
    expect(view.records.map((r) => [r.sequence, r.version])).toEqual([
      [6, '1.1.0'],
      [5, '1.0.0'],
      [4, '1.1.0'],
      [3, '1.0.0'],
    ]);
    expect(view).toMatchObject({ missing: [], unreadable: [], pending: false });
  });

  it('costs as many reads as it shows, however long the history is', async () => {
    const counting = new CountingStore(store);
    await readHistory({ store: counting, model, limit: 2 });
    expect(counting.requests.map((r) => r.operation)).toEqual(['get', 'get', 'get']);
  });

  it('shows the record that a crash left out from the pointer itself', async () => {
    await removeKey(store, historyKey(model, 6));
    const view = await readHistory({ store, model });
    expect(view.records.map((r) => r.sequence)).toEqual([6, 5, 4, 3, 2, 1]);
    expect(view.pending).toBe(true);
  });

  it('names what is missing or cannot be read and shows the rest', async () => {
    await removeKey(store, historyKey(model, 3));
    await overwrite(store, historyKey(model, 2), '{}');
    const view = await readHistory({ store, model });
    expect(view).toMatchObject({ missing: [3], unreadable: [2] });
    expect(view.records.map((r) => r.sequence)).toEqual([6, 5, 4, 1]);
  });

  it('works without a pointer, and where nothing was ever promoted', async () => {
    await removeKey(store, pointerKey(model));
    expect((await readHistory({ store, model, limit: 1 })).records.map((r) => r.sequence)).toEqual([6]);
    expect((await readHistory({ store, model: 'other' })).records).toEqual([]);
  });

  it('keeps other pointers out', async () => {
    await simulation.promote('1.0.0', { pointer: 'staging.json' });
    expect((await readHistory({ store, model })).records).toHaveLength(6);
    expect((await readHistory({ store, model, pointer: 'staging.json' })).records).toHaveLength(1);
    expect(await problems()).toEqual([]);
  });
});

describe('checking the history', () => {
  it('finds nothing in a sound one', async () => {
    expect(await checkHistory({ store, model })).toEqual({ records: 6, problems: [], pending: false });
  });

  it('takes the record of the current pointer for pending, until it is repaired', async () => {
    await removeKey(store, historyKey(model, 6));
    expect(await checkHistory({ store, model })).toMatchObject({ problems: [], pending: true });
    await repairHistory({ store, model, log: simulation.log });
    expect(await checkHistory({ store, model })).toMatchObject({ records: 6, problems: [], pending: false });
    expect(await textAt(store, historyKey(model, 6))).toBe(await textAt(store, pointerKey(model)));
  });

  it('finds gaps, also below the pointer', async () => {
    await removeKey(store, historyKey(model, 2));
    expect(await problems()).toEqual(['gap 2']);
    await removeKey(store, historyKey(model, 5));
    await removeKey(store, historyKey(model, 6));
    expect(await problems()).toEqual(['gap 2', 'gap 5']);
  });

  it('finds a record that cannot be read', async () => {
    await overwrite(store, historyKey(model, 4), 'x');
    expect(await problems()).toEqual(['unreadable 4']);
  });

  it('finds a record in the place of another', async () => {
    await overwrite(store, historyKey(model, 4), await textAt(store, historyKey(model, 1)));
    expect(await problems()).toEqual(['wrong-sequence 4', 'repeated-id 4', 'wrong-previous 4', 'wrong-previous 5']);
  });

  it('finds a pointer that was put back by hand', async () => {
    await overwrite(store, pointerKey(model), await textAt(store, historyKey(model, 4)));
    expect(await problems()).toEqual(['pointer-behind 4']);
    await simulation.promote('1.0.0');
    await removeKey(store, pointerKey(model));
    expect(await problems()).toContain('pointer-missing 7');
  });

  it('finds a pointer that is not the move of its record', async () => {
    const text = await textAt(store, pointerKey(model));
    await overwrite(store, pointerKey(model), text.replace(/"promotion_id": "[^"]+"/, '"promotion_id": "other"'));
    expect(await problems()).toEqual(['pointer-differs 6']);
  });

  it('refuses to judge by a pointer that cannot be read', async () => {
    await overwrite(store, pointerKey(model), 'x');
    expect(await codeOf(checkHistory({ store, model }))).toBe('pointer-unusable');
  });
});

describe('the key of a record', () => {
  it('tells its sequence and nothing else', () => {
    expect(historySequence(historyKey(model, 42), model)).toBe(42);
    expect(historySequence(historyKey(model, 12_345_678_901), model)).toBe(12_345_678_901);
    expect(historySequence(historyKey(model, 42, 'a.json'), model)).toBeUndefined();
    expect(historySequence(`${model}/history/00000000042.json`, model)).toBeUndefined();
    expect(historySequence(`${model}/history/42.json`, model)).toBeUndefined();
  });
});
