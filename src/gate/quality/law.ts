/**
 * The laws of the quality gate. Every item gets a random exponential weight and one item with the worst outcome is added;
 * the question is how much of that law lies beyond a margin (Gaffke 2005; Learned-Miller, Thomas, arXiv 1905.06208).
 */

/** A weighted value: `count` independent exponential weights share it (a gamma weight; halves are allowed). */
export interface Term {
  value: number;
  count: number;
}

/**
 * Probabilities of 0 to `most` failures before success number `successes` (negative binomial law), each success having
 * probability `p`. By recursion in logarithms, so that no term under- or overflows on the way.
 */
function failuresBefore(successes: number, p: number, most: number): Float64Array {
  const law = new Float64Array(most + 1);
  if (successes === 0 || p >= 1) {
    law[0] = 1;
    return law;
  }
  if (p <= 0) return law;
  const failure = Math.log1p(-p);
  let log = successes * Math.log(p);
  for (let j = 0; j <= most; j += 1) {
    if (j > 0) log += Math.log((j - 1 + successes) / j) + failure;
    law[j] = Math.exp(log);
  }
  return law;
}

/**
 * P((1-d) G(lost) - (1+d) G(gained) - d G(same) > 0), G being independent gamma variables of these shapes: how much of
 * the law lies above a loss of `d`. All terms of the sum are positive, so nothing cancels.
 * @param lost a whole number
 * @param gained whole or half
 * @param d the margin, from -1 to 1
 */
export function lossTail(lost: number, gained: number, same: number, d: number): number {
  if (lost === 0) return 0;
  if (d < 0) {
    return weightedTail([
      { value: 1 - d, count: lost },
      { value: -1 - d, count: gained },
      { value: -d, count: same },
    ]);
  }
  const most = lost - 1;
  const gains = failuresBefore(gained, (1 - d) / 2, most);
  const ties = failuresBefore(same, 1 - d, most);
  for (let j = 1; j <= most; j += 1) ties[j]! += ties[j - 1]!;
  let sum = 0;
  for (let j = 0; j <= most; j += 1) sum += gains[j]! * ties[most - j]!;
  return Math.min(1, sum);
}

/** Step of the inversion in units of the spread; the sum repeats after 2 pi / step = 42 spreads. */
const step = 0.15;
/** Terms below 1 / 1e9 of the first are left out. */
const smallest = Math.log(1e9);
const longest = 2_000_000;

/**
 * P(sum of value x weight > 0), by Davies' inversion of the characteristic function (Biometrika 1973; AS 155). Agrees
 * with `lossTail` to 1e-11.
 */
export function weightedTail(terms: readonly Term[]): number {
  const live = terms.filter(({ value, count }) => value !== 0 && count > 0);
  if (live.every(({ value }) => value <= 0)) return 0;
  if (live.every(({ value }) => value > 0)) return 1;
  let [mean, square] = [0, 0];
  for (const { value, count } of live) {
    mean += value * count;
    square += value * value * count;
  }
  const spread = Math.sqrt(square);
  // That far out the answer is certain, and the repeating sum would take it for the other end.
  if (Math.abs(mean) > 12 * spread) return mean > 0 ? 1 : 0;
  let sum = 0;
  for (let k = 0; k < longest; k += 1) {
    const u = ((k + 0.5) * step) / spread;
    let [angle, log] = [0, 0];
    for (const { value, count } of live) {
      const x = value * u;
      angle += count * Math.atan(x);
      log += count * Math.log1p(x * x);
    }
    if (log / 2 > smallest) break;
    sum += Math.sin(angle) / ((k + 0.5) * Math.exp(log / 2));
  }
  return Math.min(1, Math.max(0, 0.5 + sum / Math.PI));
}

/** P(Bin(n, share) <= k), summed from the smallest term. */
export function binomialAtMost(k: number, n: number, share: number): number {
  if (k >= n || share <= 0) return 1;
  if (k < 0 || share >= 1) return 0;
  const odds = Math.log(share) - Math.log1p(-share);
  let log = n * Math.log1p(-share);
  let sum = Math.exp(log);
  for (let i = 1; i <= k; i += 1) {
    log += Math.log((n - i + 1) / i) + odds;
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}

/** P(Bin(n, share) >= k). */
export const binomialAtLeast = (k: number, n: number, share: number): number => binomialAtMost(n - k, n, 1 - share);

/** Where a condition that holds below a border (or above it) ends, by halvings between low and high. */
export function border(low: number, high: number, holdsBelow: (at: number) => boolean, halvings = 30): number {
  let [from, to] = [low, high];
  for (let at = 0; at < halvings; at += 1) {
    const middle = (from + to) / 2;
    if (holdsBelow(middle)) from = middle;
    else to = middle;
  }
  return from;
}
