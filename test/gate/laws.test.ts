import { pwilcox } from 'lib-r-math.js';
import { describe, expect, it } from 'vitest';
import { binomialTail, criticalRank, fisherTail, rankTail, upperShare } from '../../src/gate/laws.ts';
import { rankTails } from '../../src/gate/rank-tails.ts';
import { reference } from './reference.ts';

/** Equal to a few units of the last place, whatever the size of the number. */
const close = (got: number, expected: number) => Math.abs(got - expected) <= 1e-9 * Math.max(expected, 1e-300);

/** All ways to deal ranks 1..m+n to an arm of m, as the counts U. */
function everyU(m: number, n: number): number[] {
  const counts: number[] = [];
  const deal = (next: number, left: number, u: number, others: number) => {
    if (left === 0) counts.push(u);
    else if (next <= m + n) {
      deal(next + 1, left - 1, u + others, others);
      if (m + n - next >= left) deal(next + 1, left, u, others + 1);
    }
  };
  deal(1, m, 0, 0);
  return counts;
}

describe('the exact laws', () => {
  it('agrees with full enumeration of all arrangements for small arms', () => {
    for (let m = 1; m <= 6; m += 1) {
      for (let n = 1; n <= 6; n += 1) {
        const all = everyU(m, n);
        for (let u = 0; u <= m * n + 1; u += 1) {
          const share = all.filter((x) => x >= u).length / all.length;
          expect([m, n, u, Math.abs(rankTail(u, m, n) - share) < 1e-12]).toEqual([m, n, u, true]);
        }
      }
    }
  });

  it('agrees with the counts of the reference on the rank law', () => {
    expect(reference.laws.ranks.filter(([u, m, n, p]) => !close(rankTail(u, m, n), p))).toEqual([]);
  });

  it('finds the same critical counts as the reference', () => {
    expect(reference.laws.criticals.filter(([level, m, n, u]) => criticalRank(level, m, n) !== u)).toEqual([]);
  });

  it("agrees with R's law in the table for large arms", () => {
    for (const [m, n] of [
      [1, 1],
      [7, 9],
      [20, 31],
      [40, 40],
    ] as const) {
      const tails = rankTails(m, n);
      expect(tails).toHaveLength(m * n + 2);
      const places = Array.from({ length: 12 }, (_, at) => Math.round((at * m * n) / 11));
      const wrong = places.filter((u) => !close(tails[u]!, u === 0 ? 1 : pwilcox(m * n - u, m, n)));
      expect([m, n, wrong]).toEqual([m, n, []]);
    }
  });

  it('goes over from the library to the table without a step', () => {
    for (const level of [0.025, 0.01 / 9, 1e-6]) {
      const scanned = rankTails(30, 30).findIndex((tail) => tail <= level);
      expect(criticalRank(level, 30, 30)).toBe(scanned);
    }
  });

  it('takes a level that the law meets exactly as met', () => {
    // 1 of C(4, 2) = 6 arrangements, and 1 of C(14, 7) = 3432.
    expect(criticalRank(rankTail(4, 2, 2), 2, 2)).toBe(4);
    expect(criticalRank(rankTail(49, 7, 7), 7, 7)).toBe(49);
    expect(criticalRank(1 / 3433, 7, 7)).toBe(50);
  });

  it('has no critical count where no error may be spent', () => {
    expect(criticalRank(0, 10, 10)).toBe(101);
    expect(criticalRank(-1, 10, 10)).toBe(101);
  });

  it("agrees with scipy on Fisher's exact test", () => {
    expect(reference.laws.fisher.filter(([a, m, b, n, p]) => !close(fisherTail(a, m, b, n), p))).toEqual([]);
  });

  it('agrees with scipy on the binomial tail and the exact upper bound of a share', () => {
    const wrong = reference.laws.binomial.filter(
      ([k, m, p, bound]) => !close(binomialTail(k, m, 0.05), p) || Math.abs(upperShare(k, m) - bound) > 1e-9,
    );
    expect(wrong).toEqual([]);
  });

  it('agrees with the binomial formula for every count of every arm', () => {
    for (let m = 1; m <= 100; m += 1) {
      for (let k = m, choose = 1, tail = 0; k >= 1; k -= 1) {
        tail += choose * 0.05 ** k * 0.95 ** (m - k);
        choose = (choose * k) / (m - k + 1);
        expect([k, m, close(binomialTail(k, m, 0.05), tail)]).toEqual([k, m, true]);
      }
    }
  });

  it('agrees with the hypergeometric formula for every table of two arms of 30', () => {
    const ways = (n: number, k: number) => {
      let c = 1;
      for (let i = 1; i <= k; i += 1) c = (c * (n - k + i)) / i;
      return c;
    };
    for (let slow = 1; slow <= 60; slow += 1) {
      let tail = 0;
      for (let a = Math.min(30, slow); a >= Math.max(1, slow - 30); a -= 1) {
        tail += (ways(30, a) * ways(30, slow - a)) / ways(60, slow);
        expect([a, slow, close(fisherTail(a, 30, slow - a, 30), tail)]).toEqual([a, slow, true]);
      }
    }
  });

  it('needs 59 starts before none over the SLO would prove the p95', () => {
    expect(upperShare(0, 58)).toBeGreaterThan(0.05);
    expect(upperShare(0, 59)).toBeLessThan(0.05);
  });
});
