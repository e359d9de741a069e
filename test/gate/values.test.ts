import { describe, expect, it } from 'vitest';
import { countAbove } from '../../src/gate/rule/decide-metric.ts';
import { criticalRank } from '../../src/gate/rule/laws.ts';
import { ratioOf } from '../../src/gate/rule/ratio.ts';
import { median, nearestRank, spreadOf, validValues } from '../../src/gate/rule/values.ts';
import { noisy, once, seeded, steady } from './arms.ts';

const ascending = (values: number[]) => [...values].sort((a, b) => a - b);

describe('values', () => {
  it('leaves failed measurements out and keeps time-outs as the slowest', () => {
    expect(validValues([5, null, 0, -2, Number.NaN, Infinity, 3])).toEqual([3, 5, Infinity]);
  });

  it('judges the first hundred valid starts of an arm in order of measurement', () => {
    const values = [null, ...Array.from({ length: 150 }, (_, i) => 150 - i)];
    expect(validValues(values)).toEqual(ascending(Array.from({ length: 100 }, (_, i) => 150 - i)));
  });

  it('takes the p95 as a value that was measured', () => {
    expect(
      nearestRank(
        Array.from({ length: 20 }, (_, i) => i + 1),
        0.95,
      ),
    ).toBe(19);
    expect(nearestRank([7], 0.95)).toBe(7);
  });

  it('measures the spread as IQR of the logarithms / 1.349 and ignores single outliers', () => {
    const random = seeded(5);
    const values = ascending(noisy(random, 300, 4000, 0.1));
    expect(spreadOf(values)).toBeCloseTo(0.1, 2);
    expect(spreadOf([...values, Infinity, Infinity])).toBeCloseTo(0.1, 2);
    expect(spreadOf([1, 2, 3])).toBeNull();
  });
});

describe('pairs', () => {
  it('counts ties for neither side', () => {
    expect(countAbove([1, 2, 3], [1, 2, 3])).toBe(3);
    expect(countAbove([2, 2], [2, 2])).toBe(0);
    expect(countAbove([Infinity], [5, Infinity])).toBe(1);
  });

  it('counts as a double loop does', () => {
    const random = seeded(8);
    for (let trial = 0; trial < 200; trial += 1) {
      const draw = () =>
        Array.from({ length: 1 + Math.floor(20 * random.uniform()) }, () => Math.floor(9 * random.uniform()));
      const [a, b] = [ascending(draw()), ascending(draw())];
      const expected = a.flatMap((x) => b.filter((y) => x > y)).length;
      expect(countAbove(a, b)).toBe(expected);
    }
  });
});

describe('the ratio', () => {
  it('is the median of all quotients', () => {
    const [c, b] = [
      [100, 200, 400],
      [100, 200],
    ];
    expect(ratioOf(c, b, 7, 7).ratio).toBe(median(ascending([1, 0.5, 2, 1, 4, 2])));
  });

  it('has no bound where even the most extreme count is not rare enough', () => {
    expect(ratioOf([1, 2], [1, 2], 5, 5)).toMatchObject({ lower: null, upper: null });
  });

  it('covers the true ratio at its level', () => {
    const random = seeded(21);
    const rank = criticalRank(0.05, 10, 10);
    let [low, high] = [0, 0];
    for (let trial = 0; trial < 4000; trial += 1) {
      const c = ascending(noisy(random, 330, 10, 0.2));
      const { lower, upper } = ratioOf(c, ascending(noisy(random, 300, 10, 0.2)), rank, rank);
      low += lower! > 1.1 ? 1 : 0;
      high += upper! < 1.1 ? 1 : 0;
    }
    expect(low / 4000).toBeLessThan(0.06);
    expect(high / 4000).toBeLessThan(0.06);
  });
});

describe('time-outs', () => {
  it('block when the candidate times out and the baseline does not', () => {
    const late = [...steady(300, 4), ...new Array(6).fill(Infinity)];
    const verdict = once(late, steady(300, 10));
    expect(verdict).toMatchObject({ verdict: 'regression' });
    expect(verdict.metrics[0]).toMatchObject({ timeouts: { candidate: 6, baseline: 0 }, ratio: null });
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });

  it('decide nothing when both arms only time out', () => {
    const late = new Array<number>(10).fill(Infinity);
    expect(once(late, late)).toMatchObject({ verdict: 'inconclusive', reason: 'unsure' });
  });

  it('do not trouble the bounds where they are few', () => {
    const [c, b] = [
      [...steady(300, 29), Infinity],
      [...steady(300, 29), Infinity],
    ];
    const verdict = once(c, b);
    expect(verdict.verdict).toBe('pass');
    expect(verdict.metrics[0]!.ratio).toBeCloseTo(1, 1);
  });
});

describe('ties', () => {
  it('of all values pass: the candidate is within the limit', () => {
    const same = new Array<number>(10).fill(300);
    expect(once(same, same)).toMatchObject({ verdict: 'pass', reason: 'clear' });
  });

  it('on the tolerated edge do not block, on the limit do not pass', () => {
    const base = new Array<number>(10).fill(300);
    expect(once(new Array<number>(10).fill(315), base).verdict).not.toBe('regression');
    expect(once(new Array<number>(10).fill(375), base, { tolerance: 0.24 }).verdict).not.toBe('pass');
  });
});

describe('unequal arms', () => {
  it('are judged by their own law', () => {
    expect(once(steady(390, 9), steady(298, 17)).verdict).toBe('regression');
    expect(once(steady(300, 17), steady(298, 9)).metrics[0]).toMatchObject({ n: { candidate: 17, baseline: 9 } });
  });
});
