import { pointerKey } from '../../../src/model/layout.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import type { Store } from '../../../src/stores/store.ts';
import { artifact, day, filesOf, keysOf, model, overwrite, Simulation, textAt } from './simulation.ts';
import { AgedStore } from './wrapped-store.ts';

/** What may be reported when the store does not answer; anything else would be a wrong report. */
export const honest = ['done', 'store-unavailable', 'outcome-unknown'];
const derived = [artifact('artifacts/model.ort', 'fast')];

/** Another store, which answers, with a version to copy. */
const published = (async () => {
  const simulation = new Simulation(openMemoryStore());
  await simulation.publish('2.0.0', filesOf('b'), { derived });
  return simulation.store;
})();

/** A verb that a store fails under, on a store that is prepared for it. */
export interface FaultCase {
  prepare(simulation: Simulation): Promise<void>;
  run(simulation: Simulation): Promise<unknown>;
}

export const faultCases: Record<string, FaultCase> = {
  'publish into nothing': {
    prepare: async () => {},
    run: (simulation) => simulation.publish('2.0.0', filesOf('b'), { derived }),
  },
  'publish over leftovers': {
    prepare: (simulation) =>
      overwrite(simulation.store, `${model}/versions/2.0.0/model.onnx`, filesOf('b')['model.onnx']!),
    run: (simulation) => simulation.publish('2.0.0', filesOf('b')),
  },
  'the first promotion': {
    prepare: async (simulation) => void (await simulation.publish('1.0.0', filesOf('a'), { derived })),
    run: (simulation) => simulation.promote('1.0.0'),
  },
  'a promotion': {
    prepare: async (simulation) => {
      for (const version of ['1.0.0', '1.1.0']) await simulation.publish(version);
      await simulation.promote('1.0.0');
    },
    run: (simulation) => simulation.promote('1.1.0'),
  },
  'a promotion over a missing record': {
    prepare: async (simulation) => {
      await faultCases['a promotion']!.prepare(simulation);
      const record = await simulation.store.head(`${model}/history/0000000001.json`);
      await simulation.store.remove(record!.key, { unchanged: record!.token });
    },
    run: (simulation) => simulation.promote('1.1.0'),
  },
  'a promotion from another store': {
    prepare: async (simulation) => {
      await simulation.publish('1.0.0');
      await simulation.promote('1.0.0');
    },
    run: async (simulation) => simulation.promoteFrom(await published, '2.0.0'),
  },
  'a rollback': {
    prepare: async (simulation) => {
      for (const version of ['1.0.0', '1.1.0']) {
        await simulation.publish(version);
        await simulation.promote(version);
      }
    },
    run: (simulation) => simulation.rollback({ to: '1.0.0' }),
  },
  'a prune': {
    prepare: async (simulation) => {
      for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) await simulation.publish(version);
      for (const version of ['1.0.0', '1.2.0', '1.3.0']) await simulation.promote(version);
      await overwrite(simulation.store, `${model}/versions/0.9.0/model.onnx`, 'left');
      simulation.clock = new Date(simulation.clock.getTime() + 2 * day);
    },
    run: (simulation) => simulation.prune({ retain: 1 }),
  },
};

/** Everything but pins, which a prune a day later removes, and what is live. */
export async function stateOf(store: Store): Promise<string[]> {
  const keys = (await keysOf(store)).filter((key) => !key.includes('/leases/'));
  const live = (await store.head(pointerKey(model))) ? await textAt(store, pointerKey(model)) : '{}';
  return [...keys, `live ${JSON.parse(live).version} ${JSON.parse(live).previous?.version}`];
}

/** A simulation of the case, on a store that takes its time from it. */
export async function simulationOf(faulty: FaultCase, store: Store = openMemoryStore()): Promise<Simulation> {
  const simulation: Simulation = new Simulation(new AgedStore(store, () => simulation.clock));
  await faulty.prepare(simulation);
  return simulation;
}

/** Which move the pointer is of; a prune rewrites it without moving it. */
export const moveIn = async (store: Store): Promise<string> =>
  (await store.head(pointerKey(model))) ? JSON.parse(await textAt(store, pointerKey(model))).promotion_id : 'none';
