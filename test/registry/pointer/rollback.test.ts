import { beforeEach, describe, expect, it } from 'vitest';
import { fileKey, historyKey, pointerKey } from '../../../src/model/layout.ts';
import { parsePointer } from '../../../src/model/pointer.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import {
  codeOf,
  failureOf,
  filesOf,
  model,
  overwrite,
  removeKey,
  Simulation,
  textAt,
} from '../../fakes/registry/simulation.ts';
import { MeddlingStore } from '../../fakes/registry/wrapped-store.ts';

let store: Store;
let simulation: Simulation;
const live = async () => parsePointer(Buffer.from(await textAt(store, pointerKey(model))));

beforeEach(async () => {
  store = openMemoryStore();
  simulation = new Simulation(store);
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    await simulation.publish(version);
    await simulation.promote(version);
  }
});

describe('rolling back', () => {
  it('goes to the version that was live before, as a move of its own', async () => {
    const result = await simulation.rollback();
    expect(result).toMatchObject({ promoted: true, version: '1.1.0', previousVersion: '1.2.0', sequence: 4 });
    expect(await live()).toMatchObject({ kind: 'rollback', actor: 'rob', gate: { verdict: 'none' } });
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('goes to a named version', async () => {
    expect((await simulation.rollback({ to: '1.0.0' })).version).toBe('1.0.0');
  });

  it('to what is live is a no-op', async () => {
    expect(await simulation.rollback({ to: '1.2.0' })).toMatchObject({ promoted: false, sequence: 3 });
  });

  it('says what a dry run would do and moves nothing', async () => {
    expect(await simulation.rollback({ dryRun: true })).toMatchObject({ wouldPromote: true, version: '1.1.0' });
    expect((await live()).version).toBe('1.2.0');
  });

  it('refuses a version whose bytes are others by now', async () => {
    await overwrite(store, fileKey(model, '1.1.0', 'labels.json'), 'damage');
    expect(await codeOf(simulation.rollback())).toBe('checksum-mismatch');
    expect((await live()).version).toBe('1.2.0');
  });

  it('refuses a previous version that is another model under the same name', async () => {
    for (const path of ['labels.json', 'model.onnx', 'sample.json', 'manifest.json']) {
      await removeKey(store, fileKey(model, '1.1.0', path));
    }
    await simulation.publish('1.1.0', filesOf('another'));
    expect(await codeOf(simulation.rollback())).toBe('checksum-mismatch');
    expect(await codeOf(simulation.rollback({ to: '1.1.0' }))).toBe('done');
  });

  it('says that there is nothing to go back to', async () => {
    const fresh = new Simulation(openMemoryStore());
    await fresh.publish('1.0.0');
    expect(await failureOf(fresh.rollback())).toMatchObject({ code: 'nothing-to-roll-back', exit: 2 });
    await fresh.promote('1.0.0');
    expect(await failureOf(fresh.rollback())).toMatchObject({ code: 'nothing-to-roll-back', exit: 2 });
  });

  it('does not take for previous what another move has made of it', async () => {
    const meddling = new MeddlingStore(store);
    meddling.after = async ({ operation, key }) => {
      if (operation !== 'get' || key !== pointerKey(model)) return;
      meddling.after = async () => {};
      await simulation.promote('1.0.0');
    };
    const failure = await failureOf(new Simulation(meddling).rollback());
    expect(failure).toMatchObject({ code: 'lost-swap', exit: 6 });
    expect((await live()).version).toBe('1.0.0');
  });
});

/** A run of a workflow, by its address: the same one in each attempt. */
const run = (id: number) => ({ runUrl: `https://github.com/acme/models/actions/runs/${id}` });

describe('a rollback that names no version, run again', () => {
  it('is a no-op that says where the live version came from, and how to go elsewhere', async () => {
    await simulation.rollback(run(7));
    const again = await simulation.rollback(run(7));
    expect(again).toMatchObject({ promoted: false, version: '1.1.0', sequence: 4, movedOn: false });
    expect(again.note).toMatch(/from 1\.2\.0 to 1\.1\.0 already \(move 4, .*by rob, .*runs\/7\).*--to <version>/s);
    expect(await simulation.rollback({ dryRun: true })).toMatchObject({ wouldPromote: false, version: '1.1.0' });
    expect((await live()).sequence).toBe(4);
  });

  it('is a no-op for another run, another person and a terminal just the same', async () => {
    await simulation.rollback(run(7));
    expect(await simulation.rollback({ ...run(8), actor: 'eve' })).toMatchObject({ promoted: false, version: '1.1.0' });
    expect(await simulation.rollback()).toMatchObject({ promoted: false, version: '1.1.0' });
  });

  it('writes the record that a killed one has left out', async () => {
    await simulation.rollback();
    await removeKey(store, historyKey(model, 4));
    await simulation.rollback();
    expect(await textAt(store, historyKey(model, 4))).toBe(await textAt(store, pointerKey(model)));
  });

  it('is a no-op under another pointer name, and after another pointer was rolled back it is none', async () => {
    const pointer = 'staging.json';
    await simulation.promote('1.0.0', { pointer });
    await simulation.promote('1.1.0', { pointer });
    await simulation.rollback();
    expect(await simulation.rollback({ pointer })).toMatchObject({ promoted: true, version: '1.0.0' });
    expect(await simulation.rollback({ pointer })).toMatchObject({ promoted: false, version: '1.0.0' });
  });

  it('refuses to call a damaged version live and done', async () => {
    await simulation.rollback();
    await overwrite(store, fileKey(model, '1.1.0', 'labels.json'), 'damage');
    expect(await failureOf(simulation.rollback())).toMatchObject({ code: 'checksum-mismatch', exit: 3 });
  });

  it('leaves what others have promoted since to them, where it is the same run', async () => {
    await simulation.rollback(run(7));
    await simulation.publish('1.3.0');
    await simulation.promote('1.3.0', { actor: 'eve', ...run(8) });
    const again = await simulation.rollback(run(7));
    expect(again).toMatchObject({ promoted: false, version: '1.3.0', movedOn: true });
    expect(again.note).toContain('since then 1.3.0 was made live');
    expect(await simulation.rollback(run(9))).toMatchObject({ promoted: true, version: '1.1.0' });
  });

  it('leaves what others have promoted since to them, where this run has promoted before', async () => {
    await simulation.promote('1.0.0', run(7));
    await simulation.promote('1.1.0', run(8));
    expect(await simulation.rollback(run(7))).toMatchObject({ promoted: false, version: '1.1.0', movedOn: true });
  });

  it('goes back from what its own run has promoted again', async () => {
    await simulation.promote('1.1.0', run(7));
    await simulation.rollback(run(7));
    await simulation.promote('1.1.0', run(7));
    expect(await simulation.rollback(run(7))).toMatchObject({ promoted: true, version: '1.2.0' });
  });

  it('is done where someone else went back to the same version in the same moment, and is told who', async () => {
    const meddling = new MeddlingStore(store);
    meddling.after = async ({ operation, key }) => {
      if (operation !== 'get' || key !== pointerKey(model)) return;
      meddling.after = async () => {};
      await simulation.rollback({ actor: 'eve' });
    };
    const second = await new Simulation(meddling).rollback();
    expect(second).toMatchObject({ promoted: false, version: '1.1.0', sequence: 4 });
    expect(second.note).toContain('by eve');
  });
});

describe('going forward again after a rollback', () => {
  it('needs the version, and counts as a promotion that a rollback goes back from', async () => {
    await simulation.rollback();
    expect(await simulation.rollback({ to: '1.2.0' })).toMatchObject({ promoted: true, version: '1.2.0', sequence: 5 });
    expect(await live()).toMatchObject({ kind: 'promotion', gate: { verdict: 'none' } });
    expect(await simulation.rollback({ to: '1.2.0' })).toMatchObject({ promoted: false, sequence: 5 });
    expect(await simulation.rollback()).toMatchObject({ promoted: true, version: '1.1.0' });
  });

  it('is told from going further back, also after several rollbacks', async () => {
    await simulation.rollback();
    await simulation.rollback({ to: '1.0.0' });
    expect(await live()).toMatchObject({ kind: 'rollback', version: '1.0.0' });
    await simulation.rollback({ to: '1.2.0' });
    expect(await live()).toMatchObject({ kind: 'promotion', version: '1.2.0' });
  });
});
