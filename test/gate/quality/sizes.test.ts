import { describe, expect, it } from 'vitest';
import { lossTail } from '../../../src/gate/quality/law.ts';

/** Every outcome of n items is judged once: least lost items that block, most that pass, for each number gained. */
function borders(n: number, tolerance: number, limit: number): { blocks: number[]; passes: number[] } {
  const blocks: number[] = [];
  const passes: number[] = [];
  let [from, most] = [0, 0];
  for (let gained = 0; gained <= n; gained += 1) {
    const rest = n - gained;
    const isBlocked = (lost: number) => {
      const isDifferent = lost + gained > 0.7 * n;
      return (
        1 - lossTail(lost, gained + (isDifferent ? 1 : 0.5), rest - lost, tolerance) <= (isDifferent ? 0.025 : 0.0235)
      );
    };
    while (from <= rest && !isBlocked(from)) from += 1;
    blocks.push(from);
    while (most <= rest && lossTail(most + 1, gained, rest - most, limit) <= 0.01) most += 1;
    passes.push(most - 1);
  }
  return { blocks, passes };
}

const logFactorials = Array.from({ length: 401 }, () => 0);
for (let n = 1; n <= 400; n += 1) logFactorials[n] = logFactorials[n - 1]! + Math.log(n);

/** Probability of the outcomes that `holds` accepts, items being lost and gained by these chances. */
function chance(n: number, lose: number, gain: number, holds: (lost: number, gained: number) => boolean): number {
  const log = (share: number, count: number) => (count === 0 ? 0 : count * Math.log(share));
  let sum = 0;
  for (let gained = 0; gained <= n; gained += 1) {
    for (let lost = 0; lost + gained <= n; lost += 1) {
      if (!holds(lost, gained)) continue;
      const ways =
        logFactorials[n]! - logFactorials[lost]! - logFactorials[gained]! - logFactorials[n - lost - gained]!;
      sum += Math.exp(ways + log(lose, lost) + log(gain, gained) + log(1 - lose - gain, n - lost - gained));
    }
  }
  return sum;
}

/** Largest chance over disagreement rates up to 30 %, at exactly this loss. */
function largest(n: number, loss: number, holds: (lost: number, gained: number) => boolean): number {
  const rates = Array.from({ length: 25 }, (_, at) => (0.3 * at) / 24).filter((rate) => rate >= loss);
  return Math.max(...[loss, ...rates].map((rate) => chance(n, (rate + loss) / 2, (rate - loss) / 2, holds)));
}

describe.each([20, 50, 100, 200])('of all outcomes of %i items', (n) => {
  it.each([0, 0.005, 0.01, 0.02])('at most 2.5 % block at a loss of exactly the tolerance %d', (tolerance) => {
    const { blocks } = borders(n, tolerance, 0.5);
    const size = largest(n, tolerance, (lost, gained) => lost >= blocks[gained]!);
    expect(size).toBeLessThanOrEqual(0.025);
    expect(size).toBeGreaterThan(0.015);
  });

  it.each([0.02, 0.03, 0.04, 0.05])('at most 1 % pass at a loss of exactly the limit %d', (limit) => {
    const { passes } = borders(n, 0, limit);
    expect(largest(n, limit, (lost, gained) => lost <= passes[gained]!)).toBeLessThanOrEqual(0.01);
  });
});

describe('with a tolerance of 0.5 and a limit of 4 points', () => {
  it.each([
    [400, 0.05, 0.09, 0.85],
    [200, 0.1, 0.14, 0.95],
  ])('%i items block a loss of %d with up to %d disagreement', (n, loss, disagreement, least) => {
    const { blocks } = borders(n, 0.005, 0.04);
    const power = chance(
      n,
      (disagreement + loss) / 2,
      (disagreement - loss) / 2,
      (lost, gained) => lost >= blocks[gained]!,
    );
    expect(power).toBeGreaterThanOrEqual(least);
  });

  it('400 unchanged items pass where no answer changed, and where 2 % of them did', () => {
    const { blocks, passes } = borders(400, 0.005, 0.04);
    expect(chance(400, 0, 0, (lost, gained) => lost <= passes[gained]!)).toBeCloseTo(1, 9);
    expect(chance(400, 0.01, 0.01, (lost, gained) => lost <= passes[gained]!)).toBeGreaterThan(0.98);
    expect(chance(400, 0.05, 0.05, (lost, gained) => lost >= blocks[gained]!)).toBeLessThan(0.02);
  });
});
