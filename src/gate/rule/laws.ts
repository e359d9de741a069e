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

/** P(U >= u) for the Mann-Whitney count U of two arms of m and n values from one continuous law (Mann, Whitney 1947). */
export function rankTail(u: number, m: number, n: number): number {
  if (u <= 0) return 1;
  return u > m * n ? 0 : rankTails(m, n)[u]!;
}

/** The smallest u with P(U >= u) <= level; mn + 1 where even the most extreme count is not rare enough. */
export const criticalRank = remembering((level, m, n) =>
  level! <= 0 ? m! * n! + 1 : rankTails(m!, n!).findIndex((tail) => tail <= level!),
);

/** Ways to choose k of n, exact; 0 where there are none. */
function ways(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let count = 1n;
  for (let i = 1; i <= k; i += 1) count = (count * BigInt(n - k + i)) / BigInt(i);
  return count;
}

/**
 * One-sided Fisher p: probability that, of a + b marked starts among m + n, at least a fall into the arm of m when
 * chance alone deals them out (hypergeometric law). Counted in whole numbers.
 */
export const fisherTail = remembering((a, m, b, n) => {
  if (a! <= 0) return 1;
  const marked = a! + b!;
  let count = 0n;
  for (let i = a!; i <= Math.min(m!, marked); i += 1) count += ways(m!, i) * ways(n!, marked - i);
  return Number(count) / Number(ways(m! + n!, marked));
});

/** P(Bin(m, share) = k). The number of ways is exact, and fits a double up to m = 1000. */
const binomial = (k: number, m: number, share: number): number =>
  Number(ways(m, k)) * share ** k * (1 - share) ** (m - k);

/** P(Bin(m, share) >= k), smallest first, so that tiny probabilities keep their digits. */
export const binomialTail = remembering((k, m, share) => {
  if (k! <= 0) return 1;
  let sum = 0;
  for (let i = m!; i >= k!; i -= 1) sum += binomial(i, m!, share!);
  return Math.min(1, sum);
});

/**
 * Exact one-sided 95 % upper bound of a share of which k in m were seen (Clopper, Pearson 1934): 0 of 30 gives 9.5 %.
 * It is the share at which k or fewer are seen in 5 % of cases; 60 halvings find it to the last digit.
 */
export function upperShare(k: number, m: number): number {
  if (k >= m) return 1;
  const counts = Array.from({ length: k + 1 }, (_, i) => Number(ways(m, i)));
  const atMost = (share: number) =>
    counts.reduceRight((sum, count, i) => sum + count * share ** i * (1 - share) ** (m - i), 0);
  let [low, high] = [k / m, 1];
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2;
    if (atMost(middle) > 0.05) low = middle;
    else high = middle;
  }
  return high;
}
