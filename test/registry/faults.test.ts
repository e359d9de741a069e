import { describe, expect, it } from 'vitest';
import { pointerKey } from '../../src/model/layout.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { type Fault, FaultyStore } from '../fakes/registry-faulty-store.ts';
import { checkInvariants, type Seen } from '../fakes/registry-invariants.ts';
import { artifact, codeOf, day, filesOf, keysOf, model, overwrite, textAt, World } from '../fakes/registry-world.ts';
import { AgedStore } from '../fakes/registry-wrapped-store.ts';

/** What may be reported when the store does not answer; anything else would be a wrong report. */
const honest = ['done', 'store-unavailable', 'outcome-unknown'];
const derived = [artifact('artifacts/model.ort', 'fast')];

interface Verb {
  prepare(world: World): Promise<void>;
  run(world: World): Promise<unknown>;
}

const verbs: Record<string, Verb> = {
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
      await verbs['a promotion']!.prepare(world);
      const record = await world.store.head(`${model}/history/0000000001.json`);
      await world.store.remove(record!.key, { unchanged: record!.token });
    },
    run: (world) => world.promote('1.1.0'),
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
async function stateOf(store: Store): Promise<string[]> {
  const keys = (await keysOf(store)).filter((key) => !key.includes('/pins/'));
  const live = (await store.head(pointerKey(model))) ? await textAt(store, pointerKey(model)) : '{}';
  return [...keys, `live ${JSON.parse(live).version} ${JSON.parse(live).previous?.version}`];
}

async function worldOf(verb: Verb): Promise<World> {
  const world: World = new World(new AgedStore(openMemoryStore(), () => world.clock));
  await verb.prepare(world);
  return world;
}

const liveIn = async (store: Store) => ((await store.head(pointerKey(model))) ? textAt(store, pointerKey(model)) : '');

describe.each(Object.entries(verbs))('%s', (_name, verb) => {
  const faults: [Fault, boolean][] = [
    ['before', false],
    ['after', false],
    ['refused-after', false],
    ['body', false],
    ['before', true],
    ['after', true],
  ];
  it.each(faults)(
    'tells the truth and converges with a fault "%s" at any request (for ever: %s)',
    async (fault, forever) => {
      const wanted = await worldOf(verb);
      await verb.run(wanted);
      const goal = await stateOf(wanted.store);
      for (let at = 0; ; at += 1) {
        const world = await worldOf(verb);
        const seen: Seen = new Map();
        await checkInvariants(world.store, model, { seen });
        const before = await liveIn(world.store);
        const faulty = new FaultyStore(world.store, fault, at, forever);
        const attempt = new World(faulty);
        attempt.clock = world.clock;
        const code = await codeOf(verb.run(attempt));
        const where = `${fault} at ${at}: ${faulty.failed?.operation} ${faulty.failed?.key}`;
        expect(honest, where).toContain(code);
        // Only an unknown outcome may have moved the pointer without saying so.
        if (code === 'store-unavailable') expect(await liveIn(world.store), where).toBe(before);
        expect(await checkInvariants(world.store, model, { seen }), where).toEqual([]);
        if (code === 'done') expect(await withoutRecords(world.store), where).toEqual(goal.filter(isNoRecord));
        expect(await codeOf(verb.run(world)), where).toBe('done');
        expect(await checkInvariants(world.store, model, { settled: true }), where).toEqual([]);
        expect(await stateOf(world.store), where).toEqual(goal);
        if (!faulty.failed) {
          expect(at).toBeGreaterThan(0);
          return;
        }
      }
    },
  );
});

const isNoRecord = (line: string): boolean => !line.includes('/history/');
const withoutRecords = async (store: Store) => (await stateOf(store)).filter(isNoRecord);

describe('a store that is down altogether', () => {
  it('is reported by every verb as what it is', async () => {
    for (const verb of Object.values(verbs)) {
      const world = await worldOf(verb);
      expect(await codeOf(verb.run(new World(new FaultyStore(world.store, 'before', 0, true))))).toBe(
        'store-unavailable',
      );
    }
  });
});
