import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/stores/store.ts';
import { faultCases, honest, moveIn, stateOf, worldOf } from '../fakes/registry-fault-cases.ts';
import { type Fault, FaultyStore } from '../fakes/registry-faulty-store.ts';
import { checkInvariants, type Seen } from '../fakes/registry-invariants.ts';
import { codeOf, model, World } from '../fakes/registry-world.ts';

describe.each(Object.entries(faultCases))('%s', (_name, verb) => {
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
        const before = await moveIn(world.store);
        const faulty = new FaultyStore(world.store, fault, at, forever);
        const attempt = new World(faulty);
        attempt.clock = world.clock;
        const code = await codeOf(verb.run(attempt));
        const where = `${fault} at ${at}: ${faulty.failed?.operation} ${faulty.failed?.key}`;
        expect(honest, where).toContain(code);
        // Only an unknown outcome may have moved the pointer without saying so.
        if (code === 'store-unavailable') expect(await moveIn(world.store), where).toBe(before);
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
    for (const verb of Object.values(faultCases)) {
      const world = await worldOf(verb);
      expect(await codeOf(verb.run(new World(new FaultyStore(world.store, 'before', 0, true))))).toBe(
        'store-unavailable',
      );
    }
  });
});
