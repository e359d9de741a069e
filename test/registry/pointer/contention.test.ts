import { describe, expect, it } from 'vitest';
import { contend, type ServerManners } from '../../fakes/registry/contention.ts';
import { checkInvariants } from '../../fakes/registry/invariants.ts';
import { model } from '../../fakes/registry/simulation.ts';

const servers: Record<string, ServerManners> = {
  'a quick server': { latencyMs: 4 },
  'a store in the region': { latencyMs: 40 },
  'a store on another continent': { latencyMs: 400 },
  'a server that takes one change of an object a second': { latencyMs: 40, changesPerSecond: 1 },
};

describe('fifty writers that promote again and again', () => {
  for (const [what, manners] of Object.entries(servers)) {
    it(`take at most 6 requests a success besides its record, and none in a hot loop, on ${what}`, async () => {
      const found = await contend({ writers: 50, each: 20 }, manners, 1);
      expect(found.promotions).toBe(1000);
      expect(found.requests / found.promotions).toBeLessThanOrEqual(6);
      // A loop without pauses would try eighty times a second on the quick one.
      expect(found.maxRefusedInASecond).toBeLessThanOrEqual(6);
      expect(await checkInvariants(found.store, model, { settled: true })).toEqual([]);
    });
  }
});

describe('one writer alone', () => {
  it('takes one read and one write a promotion', async () => {
    const { requests, seconds } = await contend({ writers: 1, each: 20 }, { latencyMs: 40 }, 1);
    expect([requests, seconds]).toEqual([40, 3.24]);
  });

  it('learns from the first refusal that a server takes one change a second', async () => {
    const { requests } = await contend(
      { writers: 1, each: 20 },
      servers['a server that takes one change of an object a second']!,
      1,
    );
    expect(requests).toBe(43);
  });
});
