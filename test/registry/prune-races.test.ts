import { beforeEach, describe, expect, it } from 'vitest';
import { pointerKey, tombstoneKey, versionPrefix } from '../../src/model/layout.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { checkInvariants } from '../fakes/registry-invariants.ts';
import { codeOf, keysOf, model, World } from '../fakes/registry-world.ts';
import { MeddlingStore, type Request } from '../fakes/registry-wrapped-store.ts';

let store: Store;
let world: World;

beforeEach(async () => {
  store = openMemoryStore();
  world = new World(store);
  for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await world.publish(version);
  await world.promote('1.3.0');
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
  return { world: new World(meddling), later };
}

const protectedVersions = [{ version: '1.0.0', reason: 'deployed' }];
const readsPointer = ({ operation, key }: Request) => operation === 'get' && key === pointerKey(model);

describe('a prune that another prune overtakes', () => {
  it('cannot delete a version whose mark the other took away, and that went live since', async () => {
    // After the second look at the pointers, when everything seemed clear.
    const { world: slow } = meddle(readsPointer, 3, async () => {
      await world.prune({ retain: 1, protectedVersions });
      await world.promote('1.0.0');
    });
    const result = await slow.prune({ retain: 1 });
    expect(result.deleted).toEqual([]);
    expect(result.withdrawn.map((w) => w.reason)).toEqual(Array(3).fill('another prune took its mark'));
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
    expect(await codeOf(world.verify())).toBe('done');
  });

  it('deletes nothing more once the other has taken over, for the version may be published anew', async () => {
    const files = versionPrefix(model, '1.0.0');
    const firstRemoval = ({ operation, key }: Request) => operation === 'remove' && key.startsWith(files);
    const { world: slow, later } = meddle(firstRemoval, 1, async () => {
      await world.prune({ retain: 1 });
      await world.publish('1.0.0');
    });
    const result = await slow.prune({ retain: 1 });
    expect(result.withdrawn.map((w) => w.version)).toContain('1.0.0');
    expect(later.filter(firstRemoval)).toEqual([]);
    expect(await codeOf(world.verify({ version: '1.0.0' }))).toBe('done');
    expect(await store.head(tombstoneKey(model, '1.0.0'))).toBeUndefined();
  });

  it('leaves the versions to it that it marked in the same moment', async () => {
    const plans = ({ operation, key }: Request) => operation === 'list' && key === `${model}/`;
    const { world: slow } = meddle(plans, 1, () => world.prune({ retain: 1 }));
    await slow.prune({ retain: 1 });
    expect(await keysOf(store, `${model}/versions/`)).toHaveLength(4);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });
});

describe('a prune and a promotion', () => {
  it('end with the version kept when the promotion was on its way first', async () => {
    const marks = ({ operation, key }: Request) => operation === 'put' && key.startsWith(`${model}/pins/`);
    const pruned: string[] = [];
    const { world: promoting } = meddle(marks, 1, async () => {
      const result = await world.prune({ retain: 1, only: ['1.0.0', '1.1.0'] });
      pruned.push(...result.deleted.map((d) => d.version));
      expect(result.plan.versions.find((v) => v.version === '1.0.0')?.action).toBe('keep');
    });
    expect(await codeOf(promoting.promote('1.0.0'))).toBe('done');
    expect(pruned).toEqual(['1.1.0']);
  });

  it('end with the promotion refused when the prune was first', async () => {
    const marks = ({ operation, key }: Request) => operation === 'put' && key === tombstoneKey(model, '1.0.0');
    const outcomes: string[] = [];
    const { world: pruning } = meddle(marks, 1, async () => outcomes.push(await codeOf(world.promote('1.0.0'))));
    expect((await pruning.prune({ retain: 1 })).deleted.map((d) => d.version)).toContain('1.0.0');
    expect(outcomes).toEqual(['version-being-pruned']);
    expect(await checkInvariants(store, model, { settled: true })).toEqual([]);
  });
});
