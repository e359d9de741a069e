import { beforeEach, describe, expect, it } from 'vitest';
import { fileKey, pointerKey } from '../../src/model/layout.ts';
import { parsePointer } from '../../src/model/pointer.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { checkInvariants } from '../fakes/registry-invariants.ts';
import { codeOf, failureOf, filesOf, model, overwrite, removeKey, textAt, World } from '../fakes/registry-world.ts';
import { MeddlingStore } from '../fakes/registry-wrapped-store.ts';

let store: Store;
let world: World;
const live = async () => parsePointer(Buffer.from(await textAt(store, pointerKey(model))));

beforeEach(async () => {
  store = openMemoryStore();
  world = new World(store);
  for (const version of ['1.0.0', '1.1.0', '1.2.0']) {
    await world.publish(version);
    await world.promote(version);
  }
});

describe('rolling back', () => {
  it('goes to the version that was live before, as a move of its own', async () => {
    const result = await world.rollback();
    expect(result).toMatchObject({ promoted: true, version: '1.1.0', previousVersion: '1.2.0', sequence: 4 });
    expect(await live()).toMatchObject({ kind: 'rollback', actor: 'rob', gate: { verdict: 'none' } });
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('twice ends where it began', async () => {
    await world.rollback();
    expect((await world.rollback()).version).toBe('1.2.0');
  });

  it('goes to a named version', async () => {
    expect((await world.rollback({ to: '1.0.0' })).version).toBe('1.0.0');
  });

  it('to what is live is a no-op', async () => {
    expect(await world.rollback({ to: '1.2.0' })).toMatchObject({ promoted: false, sequence: 3 });
  });

  it('says what a dry run would do and moves nothing', async () => {
    expect(await world.rollback({ dryRun: true })).toMatchObject({ wouldPromote: true, version: '1.1.0' });
    expect((await live()).version).toBe('1.2.0');
  });

  it('refuses a version whose bytes are others by now', async () => {
    await overwrite(store, fileKey(model, '1.1.0', 'labels.json'), 'damage');
    expect(await codeOf(world.rollback())).toBe('checksum-mismatch');
    expect((await live()).version).toBe('1.2.0');
  });

  it('refuses a previous version that is another model under the same name', async () => {
    for (const path of ['labels.json', 'model.onnx', 'sample.json', 'manifest.json']) {
      await removeKey(store, fileKey(model, '1.1.0', path));
    }
    await world.publish('1.1.0', filesOf('another'));
    expect(await codeOf(world.rollback())).toBe('checksum-mismatch');
    expect(await codeOf(world.rollback({ to: '1.1.0' }))).toBe('done');
  });

  it('says that there is nothing to go back to', async () => {
    const fresh = new World(openMemoryStore());
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
      await world.promote('1.0.0');
    };
    const failure = await failureOf(new World(meddling).rollback());
    expect(failure).toMatchObject({ code: 'lost-swap', exit: 6 });
    expect((await live()).version).toBe('1.0.0');
  });
});
