/**
 * Number of ways, of all C(m + n, m) in which the ranks can fall to an arm of m beside one of n, that give each count
 * U = 0 to mn / 2; the other half is its mirror image. They are the coefficients of the Gaussian binomial
 * (1 - q^(n+1)) ... (1 - q^(n+m)) / ((1 - q) ... (1 - q^m)), in whole numbers, so nothing is rounded.
 */
function waysUpToMiddle(m: number, n: number): bigint[] {
  const last = (m * n) >> 1;
  const ways = new Array<bigint>(last + 1).fill(0n);
  ways[0] = 1n;
  for (let i = 1; i <= m; i += 1) {
    for (let u = last; u >= n + i; u -= 1) ways[u] = ways[u]! - ways[u - n - i]!;
    for (let u = i; u <= last; u += 1) ways[u] = ways[u]! + ways[u - i]!;
  }
  return ways;
}

function computeTails(m: number, n: number): Float64Array {
  const pairs = m * n;
  const ways = waysUpToMiddle(m, n);
  const count = (u: number): bigint => ways[Math.min(u, pairs - u)]!;
  let all = 0n;
  for (let u = 0; u <= pairs; u += 1) all += count(u);
  const tails = new Float64Array(pairs + 2);
  let atLeast = 0n;
  for (let u = pairs; u >= 0; u -= 1) {
    atLeast += count(u);
    tails[u] = Number(atLeast) / Number(all);
  }
  return tails;
}

const known = new Map<string, Float64Array>();
/** At 100 x 100 a table takes 80 kB. */
const maxKnown = 64;

/**
 * P(U >= u) at index u = 0 to mn + 1, for the Mann-Whitney count U of two arms of m and n values from one continuous
 * law. The counts are exact, each probability is off by no more than three roundings of a double. 100 x 100 takes some
 * 50 ms.
 */
export function rankTails(m: number, n: number): Float64Array {
  const key = `${m},${n}`;
  const found = known.get(key);
  if (found) return found;
  if (known.size >= maxKnown) known.clear();
  // The law is the same either way round; the shorter arm first takes fewer steps.
  const tails = m > n ? rankTails(n, m) : computeTails(m, n);
  known.set(key, tails);
  return tails;
}
