import { pointerKey } from '../../src/model/layout.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { artifact, day, filesOf, keysOf, model, overwrite, textAt, World } from './registry-world.ts';
import { AgedStore } from './registry-wrapped-store.ts';

/** What may be reported when the store does not answer; anything else would be a wrong report. */
export const honest = ['done', 'store-unavailable', 'outcome-unknown'];
const derived = [artifact('artifacts/model.ort', 'fast')];

/** Another store, which answers, with a version to copy. */
const published = (async () => {
  const world = new World(openMemoryStore());
  await world.publish('2.0.0', filesOf('b'), { derived });
  return world.store;
})();

/** A verb that a store fails under, in a world that is prepared for it. */
export interface FaultCase {
  prepare(world: World): Promise<void>;
  run(world: World): Promise<unknown>;
}

export const faultCases: Record<string, FaultCase> = {
  'publish into nothing': {
    prepare: async () => {},
    run: (world) => world.publish('2.0.0', filesOf('b'), { derived }),
  },
  'publish over leftovers': {
    prepare: (world) => overwrite(world.store, `${model}/versions/2.0.0/model.onnx`, filesOf('b')['model.onnx']!),
    run: (world) => world.publish('2.0.0', filesOf('b')),
  },
  'the first promotion': {
    prepare: async (world) => void (await world.publish('1.0.0', filesOf('a'), { derived })),
    run: (world) => world.promote('1.0.0'),
  },
  'a promotion': {
    prepare: async (world) => {
      for (const version of ['1.0.0', '1.1.0']) await world.publish(version);
      await world.promote('1.0.0');
    },
    run: (world) => world.promote('1.1.0'),
  },
  'a promotion over a missing record': {
    prepare: async (world) => {
      await faultCases['a promotion']!.prepare(world);
      const record = await world.store.head(`${model}/history/0000000001.json`);
      await world.store.remove(record!.key, { unchanged: record!.token });
    },
    run: (world) => world.promote('1.1.0'),
  },
  'a promotion from another store': {
    prepare: async (world) => {
      await world.publish('1.0.0');
      await world.promote('1.0.0');
    },
    run: async (world) => world.promoteFrom(await published, '2.0.0'),
  },
  'a rollback': {
    prepare: async (world) => {
      for (const version of ['1.0.0', '1.1.0']) {
        await world.publish(version);
        await world.promote(version);
      }
    },
    run: (world) => world.rollback({ to: '1.0.0' }),
  },
  'a prune': {
    prepare: async (world) => {
      for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await world.publish(version);
      for (const version of ['1.0.0', '1.2.0', '1.3.0']) await world.promote(version);
      await overwrite(world.store, `${model}/versions/0.9.0/model.onnx`, 'left');
      world.clock = new Date(world.clock.getTime() + 2 * day);
    },
    run: (world) => world.prune({ retain: 1 }),
  },
};

/** Everything but pins, which a prune a day later removes, and what is live. */
export async function stateOf(store: Store): Promise<string[]> {
  const keys = (await keysOf(store)).filter((key) => !key.includes('/pins/'));
  const live = (await store.head(pointerKey(model))) ? await textAt(store, pointerKey(model)) : '{}';
  return [...keys, `live ${JSON.parse(live).version} ${JSON.parse(live).previous?.version}`];
}

/** A world of the case, on a store that takes its time from it. */
export async function worldOf(faulty: FaultCase, store: Store = openMemoryStore()): Promise<World> {
  const world: World = new World(new AgedStore(store, () => world.clock));
  await faulty.prepare(world);
  return world;
}

/** Which move the pointer is of; a prune rewrites it without moving it. */
export const moveIn = async (store: Store): Promise<string> =>
  (await store.head(pointerKey(model))) ? JSON.parse(await textAt(store, pointerKey(model))).promotion_id : 'none';
