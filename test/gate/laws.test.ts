import { describe, expect, it } from 'vitest';
import { binomialTail, criticalRank, fisherTail, rankTail, upperShare } from '../../src/gate/rule/laws.ts';
import { rankTails } from '../../src/gate/rule/rank-tails.ts';
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

/** Tails by P(u; m, n) = m/(m+n) P(u-n; m-1, n) + n/(m+n) P(u; m, n-1): only positive numbers are added. */
function recursion(m: number, n: number): number[] {
  const start = () => Array.from({ length: n + 1 }, () => [1]);
  let laws = start();
  for (let i = 1; i <= m; i += 1) {
    const next = start();
    for (let j = 1; j <= n; j += 1) {
      const law = new Array<number>(i * j + 1).fill(0);
      laws[j]!.forEach((p, u) => {
        law[u + j]! += (i / (i + j)) * p;
      });
      next[j - 1]!.forEach((p, u) => {
        law[u]! += (j / (i + j)) * p;
      });
      next[j] = law;
    }
    laws = next;
  }
  let sum = 0;
  return laws[n]!.reduceRight<number[]>((tails, p, u) => {
    sum += p;
    tails[u] = sum;
    return tails;
  }, []);
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

  it("agrees with Mann and Whitney's recursion for arms of every size that is judged", () => {
    for (const [m, n] of [
      [1, 1],
      [7, 9],
      [20, 31],
      [60, 60],
      [100, 93],
    ] as const) {
      const expected = recursion(m, n);
      const tails = rankTails(m, n);
      expect(tails).toHaveLength(m * n + 2);
      expect([m, n, expected.filter((tail, u) => !close(tails[u]!, tail)).length]).toEqual([m, n, 0]);
    }
  });

  it('finds the critical count in the table of tails', () => {
    for (const [m, n] of [
      [10, 10],
      [30, 30],
      [30, 100],
    ] as const) {
      const u = criticalRank(0.025, m, n);
      expect(rankTail(u, m, n)).toBeLessThanOrEqual(0.025);
      expect(rankTail(u - 1, m, n)).toBeGreaterThan(0.025);
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
