import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/stores/store.ts';
import { faultCases, honest, moveIn, simulationOf, stateOf } from '../fakes/registry/fault-cases.ts';
import { type Fault, FaultyStore } from '../fakes/registry/faulty-store.ts';
import { checkInvariants, type Seen } from '../fakes/registry/invariants.ts';
import { codeOf, model, Simulation } from '../fakes/registry/simulation.ts';

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
      const wanted = await simulationOf(verb);
      await verb.run(wanted);
      const goal = await stateOf(wanted.store);
      for (let at = 0; ; at += 1) {
        const simulation = await simulationOf(verb);
        const seen: Seen = new Map();
        await checkInvariants(simulation.store, model, { seen });
        const before = await moveIn(simulation.store);
        const faulty = new FaultyStore(simulation.store, fault, at, forever);
        const attempt = new Simulation(faulty);
        attempt.clock = simulation.clock;
        const code = await codeOf(verb.run(attempt));
        const where = `${fault} at ${at}: ${faulty.failed?.operation} ${faulty.failed?.key}`;
        expect(honest, where).toContain(code);
        // Only an unknown outcome may have moved the pointer without saying so.
        if (code === 'store-unavailable') expect(await moveIn(simulation.store), where).toBe(before);
        expect(await checkInvariants(simulation.store, model, { seen }), where).toEqual([]);
        if (code === 'done') expect(await withoutRecords(simulation.store), where).toEqual(goal.filter(isNoRecord));
        expect(await codeOf(verb.run(simulation)), where).toBe('done');
        expect(await checkInvariants(simulation.store, model, { settled: true }), where).toEqual([]);
        expect(await stateOf(simulation.store), where).toEqual(goal);
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
      const simulation = await simulationOf(verb);
      expect(await codeOf(verb.run(new Simulation(new FaultyStore(simulation.store, 'before', 0, true))))).toBe(
        'store-unavailable',
      );
    }
  });
});
