import { dbinom, phyper, pwilcox, qwilcox } from 'lib-r-math.js';
import { rankTails } from './rank-tails.ts';

/** Remembers results of a pure function of small numbers; forgets all when it has many, so that memory stays bounded. */
function remembering(law: (...at: number[]) => number, most = 4096): (...at: number[]) => number {
  const known = new Map<string, number>();
  return (...at) => {
    const key = at.join();
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= most) known.clear();
    const value = law(...at);
    known.set(key, value);
    return value;
  };
}

/** Up to this many pairs the library answers within 5 ms; at 100 x 100 it takes a second and 200 MB for one number. */
const libraryPairs = 30 * 30;

/**
 * P(U >= u) for the Mann-Whitney count U of two arms of m and n values from one continuous law (Mann, Whitney 1947).
 * The law is symmetric about mn/2; summing the small end keeps tiny probabilities exact.
 */
export const rankTail = remembering((u, m, n) => {
  if (u! <= 0) return 1;
  if (u! > m! * n!) return 0;
  return m! * n! <= libraryPairs ? pwilcox(m! * n! - u!, m!, n!) : rankTails(m!, n!)[u!]!;
});

/** The smallest u with P(U >= u) <= level; mn + 1 where even the most extreme count is not rare enough. */
export const criticalRank = remembering((level, m, n) => {
  const pairs = m! * n!;
  if (level! <= 0) return pairs + 1;
  if (level! >= 1) return 0;
  if (pairs > libraryPairs) return rankTails(m!, n!).findIndex((tail) => tail <= level!);
  // qwilcox allows itself some rounding slack, so the count it finds is checked against the level itself.
  let low = qwilcox(level!, m!, n!);
  while (low >= 0 && pwilcox(low, m!, n!) > level!) low -= 1;
  return pairs - low;
});

/**
 * One-sided Fisher p: probability that, of a + b marked starts among m + n, at least a fall into the arm of m when
 * chance alone deals them out (hypergeometric law).
 */
export const fisherTail = remembering((a, m, b, n) => (a! <= 0 ? 1 : phyper(a! - 1, m!, n!, a! + b!, false)));

/**
 * P(Bin(m, share) >= k), summed from the density, smallest first. pbinom of lib-r-math.js 2.0.3 is off by 0.1 % for
 * k = 2 (its pbeta takes a wrong branch), dbinom is exact to 1e-13.
 */
export const binomialTail = remembering((k, m, share) => {
  if (k! <= 0) return 1;
  let sum = 0;
  for (let i = m!; i >= k!; i -= 1) sum += dbinom(i, m!, share!);
  return Math.min(1, sum);
});

/**
 * Exact one-sided 95 % upper bound of a share of which k in m were seen (Clopper, Pearson 1934): 0 of 30 gives 9.5 %.
 * It is the share at which k or fewer are seen in 5 % of cases; 60 halvings find it to the last digit.
 */
export function upperShare(k: number, m: number): number {
  if (k >= m) return 1;
  const atMost = (share: number) => {
    let sum = 0;
    for (let i = k; i >= 0; i -= 1) sum += dbinom(i, m, share);
    return sum;
  };
  let [low, high] = [k / m, 1];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (atMost(middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}
