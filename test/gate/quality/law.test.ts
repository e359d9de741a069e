import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialAtLeast, binomialAtMost, lossTail, weightedTail } from '../../../src/gate/quality/law.ts';

interface Reference {
  shares: { lost: number; gained: number; same: number; d: number; passing: number; blocking: number }[];
  special: { lost: number; gained: number; same: number; d: number; tail: number }[];
  losses: { values: number[]; tail: number }[];
  binomial: { right: number; n: number; share: number; atMost: number; atLeast: number }[];
}
const reference: Reference = JSON.parse(readFileSync(join(import.meta.dirname, 'reference.json'), 'utf8'));

const terms = (lost: number, gained: number, same: number, d: number) => [
  { value: 1 - d, count: lost },
  { value: -1 - d, count: gained },
  { value: -d, count: same },
];

describe('the law of right and wrong', () => {
  it('is what an integral over gamma laws says', () => {
    expect(reference.shares.length).toBeGreaterThan(300);
    for (const { lost, gained, same, d, passing, blocking } of reference.shares) {
      expect(lossTail(lost + 1, gained, same, d)).toBeCloseTo(passing, 6);
      expect(1 - lossTail(lost, gained + 0.5, same, d)).toBeCloseTo(blocking, 6);
    }
  });

  it('is the bound of Clopper and Pearson where nothing is gained, and the sign test at margin 0', () => {
    for (const { lost, gained, same, d, tail } of reference.special) {
      expect(lossTail(lost, gained, same, d)).toBeCloseTo(tail, 13);
    }
  });

  it('agrees with the inversion', () => {
    const cases = reference.shares.filter(({ d, lost }) => d > 0 && lost < 60);
    for (const { lost, gained, same, d } of cases) {
      expect(weightedTail(terms(lost + 1, gained, same, d))).toBeCloseTo(lossTail(lost + 1, gained, same, d), 9);
      expect(weightedTail(terms(lost, gained + 0.5, same, d))).toBeCloseTo(lossTail(lost, gained + 0.5, same, d), 9);
    }
  });

  it('falls with the margin, rises with a lost item and falls with a gained one', () => {
    const whole = fc.integer({ min: 0, max: 60 });
    const margin = fc.double({ min: -0.9, max: 0.9, noNaN: true });
    fc.assert(
      fc.property(whole, whole, fc.integer({ min: 20, max: 400 }), margin, margin, (lost, gained, same, one, other) => {
        const [low, high] = [Math.min(one, other), Math.max(one, other)];
        const at = lossTail(lost + 1, gained, same, low);
        expect(lossTail(lost + 1, gained, same, high)).toBeLessThanOrEqual(at + 1e-9);
        expect(lossTail(lost + 2, gained, same - 1, low)).toBeGreaterThanOrEqual(at - 1e-9);
        expect(lossTail(lost + 1, gained + 1, same - 1, low)).toBeLessThanOrEqual(at + 1e-9);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});

describe('the law of losses', () => {
  it('is what partial fractions in exact rational numbers say, for up to 60 weights', () => {
    expect(Math.max(...reference.losses.map(({ values }) => values.length))).toBe(60);
    for (const { values, tail } of reference.losses) {
      expect(weightedTail(values.map((value) => ({ value, count: 1 })))).toBeCloseTo(tail, 8);
    }
  });

  it('is certain where all values are on one side, or far from the border', () => {
    expect(weightedTail([{ value: -1, count: 5 }])).toBe(0);
    expect(weightedTail([{ value: 1, count: 5 }])).toBe(1);
    expect(
      weightedTail([
        { value: 1, count: 400 },
        { value: -0.001, count: 1 },
      ]),
    ).toBe(1);
    expect(weightedTail([])).toBe(0);
  });
});

it('the binomial laws are those of scipy', () => {
  for (const { right, n, share, atMost, atLeast } of reference.binomial) {
    expect(binomialAtMost(right, n, share)).toBeCloseTo(atMost, 9);
    expect(binomialAtLeast(right, n, share)).toBeCloseTo(atLeast, 9);
  }
});
