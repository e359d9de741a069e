import { beforeEach, describe, expect, it } from 'vitest';
import { pointerKey, tombstoneKey, versionPrefix } from '../../../src/model/layout.ts';
import type { PruneResult } from '../../../src/registry/prune/prune.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import { codeOf, keysOf, model, Simulation } from '../../fakes/registry/simulation.ts';
import { MeddlingStore, type Request } from '../../fakes/registry/wrapped-store.ts';

let store: Store;
let simulation: Simulation;

beforeEach(async () => {
  store = openMemoryStore();
  simulation = new Simulation(store);
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await simulation.publish(version);
  await simulation.promote('1.3.0');
});

/** Lets someone else act once, right after the n-th request that fits; remembers what is asked from then on. */
function meddle(fits: (request: Request) => boolean, nth: number, act: () => Promise<unknown>) {
  const meddling = new MeddlingStore(store);
  const later: Request[] = [];
  let count = 0;
  let acted = false;
  meddling.after = async (request) => {
    if (acted) later.push(request);
    if (acted || !fits(request) || ++count < nth) return;
    acted = true;
    await act();
  };
  return { simulation: new Simulation(meddling), later };
}

const protectedVersions = [{ version: '1.0.0', reason: 'deployed' }];
const readsPointer = ({ operation, key }: Request) => operation === 'get' && key === pointerKey(model);
const readsVersion = ({ operation, key }: Request) =>
  operation === 'get' && key.startsWith(versionPrefix(model, '1.0.0'));
const writesPointer = ({ operation, key }: Request) => operation === 'put' && key === pointerKey(model);

describe('a prune that another prune overtakes', () => {
  it('cannot delete a version whose mark the other took away, and that went live since', async () => {
    // When the pointer has its fence and everything seems clear.
    const { simulation: slow } = meddle(writesPointer, 1, async () => {
      await simulation.prune({ retain: 1, protectedVersions });
      await simulation.promote('1.0.0');
    });
    const result = await slow.prune({ retain: 1 });
    expect(result.deleted).toEqual([]);
    expect(result.withdrawn.map((w) => w.reason)).toEqual(Array(3).fill('another prune took its mark'));
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    expect(await codeOf(simulation.verify())).toBe('done');
  });

  it('deletes nothing more once the other has taken over, for the version may be published again', async () => {
    const files = versionPrefix(model, '1.0.0');
    const firstRemoval = ({ operation, key }: Request) => operation === 'remove' && key.startsWith(files);
    const { simulation: slow, later } = meddle(firstRemoval, 1, async () => {
      await simulation.prune({ retain: 1 });
      await simulation.publish('1.0.0');
    });
    const result = await slow.prune({ retain: 1 });
    expect(result.withdrawn.map((w) => w.version)).toContain('1.0.0');
    expect(later.filter(firstRemoval)).toEqual([]);
    expect(await codeOf(simulation.verify({ version: '1.0.0' }))).toBe('done');
    expect(await store.head(tombstoneKey(model, '1.0.0'))).toBeUndefined();
  });

  it('leaves the versions to it that it marked in the same moment', async () => {
    const plans = ({ operation, key }: Request) => operation === 'list' && key === `${model}/`;
    const { simulation: slow } = meddle(plans, 1, () => simulation.prune({ retain: 1 }));
    await slow.prune({ retain: 1 });
    expect(await keysOf(store, `${model}/versions/`)).toHaveLength(4);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });
});

describe('a prune and a promotion', () => {
  const namesPruned = (result: PruneResult) => result.deleted.map((d) => d.version);

  it('end with the promotion refused when the prune fenced the pointer first and has deleted the version', async () => {
    for (const prove of [false, true]) {
      const verified = prove ? await simulation.prove('1.0.0') : undefined;
      // After the one read of the pointer, or after the last look at the version that was taken since.
      const { simulation: promoting } = meddle(prove ? readsPointer : readsVersion, prove ? 1 : 4, () =>
        simulation.prune({ retain: 1, only: ['1.0.0'] }),
      );
      expect(await codeOf(promoting.promote('1.0.0', { verified }))).toBe('version-missing');
      expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
      await simulation.publish('1.0.0');
    }
  });

  it('end with both done when the prune deletes another version', async () => {
    const verified = await simulation.prove('1.0.0');
    const { simulation: promoting } = meddle(readsPointer, 1, () => simulation.prune({ retain: 1, only: ['1.1.0'] }));
    expect(await codeOf(promoting.promote('1.0.0', { verified }))).toBe('done');
    expect(await keysOf(store, versionPrefix(model, '1.1.0'))).toEqual([]);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('end with the version kept when the promotion wins between the look at the pointer and the fence', async () => {
    const verified = await simulation.prove('1.0.0');
    // The reads of the plan, of its history, of the second look, and of the fence.
    const { simulation: pruning } = meddle(readsPointer, 4, () => simulation.promote('1.0.0', { verified }));
    const result = await pruning.prune({ retain: 1, only: ['1.0.0', '1.1.0'] });
    expect(namesPruned(result)).toEqual(['1.1.0']);
    expect(result.withdrawn).toEqual([{ version: '1.0.0', reason: 'live in current.json' }]);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('end with the version kept that a first promotion holds a lease on', async () => {
    const leases = ({ operation, key }: Request) => operation === 'put' && key.startsWith(`${model}/leases/`);
    const pruned: string[] = [];
    const { simulation: promoting } = meddle(leases, 1, async () => {
      pruned.push(...namesPruned(await simulation.prune({ retain: 1, only: ['1.0.0', '1.1.0'] })));
    });
    expect(await codeOf(promoting.promote('1.0.0', { pointer: 'staging.json' }))).toBe('done');
    expect(pruned).toEqual(['1.1.0']);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('end with the prune giving up, and nothing deleted, where the pointer moves each time that it looks', async () => {
    const meddling = new MeddlingStore(store);
    let turn = 0;
    meddling.after = async (request) => {
      if (readsPointer(request)) await simulation.promote(turn++ % 2 ? '1.2.0' : '1.3.0');
    };
    expect(await codeOf(new Simulation(meddling).prune({ retain: 2 }))).toBe('pointer-contended');
    expect(await keysOf(store, `${model}/versions/1.0.0/`)).toHaveLength(4);
    expect(await store.head(tombstoneKey(model, '1.0.0'))).toBeUndefined();
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });

  it('end with the promotion refused when the prune was first', async () => {
    const marks = ({ operation, key }: Request) => operation === 'put' && key === tombstoneKey(model, '1.0.0');
    const outcomes: string[] = [];
    const { simulation: pruning } = meddle(marks, 1, async () =>
      outcomes.push(await codeOf(simulation.promote('1.0.0'))),
    );
    expect((await pruning.prune({ retain: 1 })).deleted.map((d) => d.version)).toContain('1.0.0');
    expect(outcomes).toEqual(['version-being-pruned']);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });
});
