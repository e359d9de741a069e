import { describe, expect, it } from 'vitest';
import { borders, chances, largest } from '../../../bench/gate/outcomes.ts';

/** The sizes that a second allows; `node bench/gate/quality.ts` has those up to 2,000, for docs/quality.md. */
describe.each([20, 50, 100, 200])('of all outcomes of %i items', (n) => {
  it.each([0, 0.005, 0.01, 0.02])('at most 2.5 % block at a loss of exactly the tolerance %d', (tolerance) => {
    const { block } = largest(n, tolerance, borders(n, tolerance, 0.5));
    expect(block).toBeLessThanOrEqual(0.025);
    expect(block).toBeGreaterThan(0.015);
  });

  it.each([0.02, 0.03, 0.04, 0.05])('at most 1 % pass at a loss of exactly the limit %d', (limit) => {
    expect(largest(n, limit, borders(n, 0, limit)).pass).toBeLessThanOrEqual(0.01);
  });
});

describe('with a tolerance of 0.5 and a limit of 4 points', () => {
  it.each([
    [400, 0.05, 0.09, 0.85],
    [800, 0.05, 0.15, 0.9],
    [200, 0.1, 0.14, 0.95],
  ])('%i items block a loss of %d with up to %d disagreement', (n, loss, disagreement, least) => {
    const found = borders(n, 0.005, 0.04, Math.ceil(n / 4));
    const { block } = chances(n, (disagreement + loss) / 2, (disagreement - loss) / 2, found);
    expect(block).toBeGreaterThanOrEqual(least);
  });

  it('400 unchanged items pass where no answer changed, and where 2 % of them did', () => {
    const found = borders(400, 0.005, 0.04, 100);
    expect(chances(400, 0, 0, found).pass).toBeCloseTo(1, 9);
    expect(chances(400, 0.01, 0.01, found).pass).toBeGreaterThan(0.98);
    expect(chances(400, 0.05, 0.05, found).block).toBeLessThan(0.02);
  });
});
