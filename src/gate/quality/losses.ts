import type { Judgement } from './judgement.ts';
import { type Term, weightedTail } from './law.ts';
import { fewestItems, type QualityOptions } from './options.ts';
import { levelsOf } from './shares.ts';

/** Loss of one item, 0 or more; `null` not answered. */
export type Loss = number | null;

/** A relative loss is searched up to this: a hundred thousand times the live version's. */
const largestRelative = 1e5;

/** Equal values become one term, so that a law of few values costs no more than these. */
function grouped(values: readonly number[], extra: number): Term[] {
  const counts = new Map<number, number>([[extra, 1]]);
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, count]) => ({ value, count }));
}

interface Pairs {
  /** Losses after clipping; squared for rmse. */
  before: readonly number[];
  after: readonly number[];
  relative: boolean;
  power: number;
  cap: number;
}

/** Probability of what was seen, were the loss of quality exactly the margin: for the test that passes, and that blocks. */
function lawsOf({ before, after, relative, power, cap }: Pairs) {
  const largest = before.reduce((most, loss) => Math.max(most, loss), 0);
  const factor = (margin: number) => (relative ? (1 + margin) ** power : 1);
  const shift = (margin: number) => (relative ? 0 : margin);
  const terms = (margin: number, extra: number) =>
    grouped(
      after.map((loss, at) => loss - factor(margin) * before[at]! - shift(margin)),
      extra - shift(margin),
    );
  const pPassAt = (margin: number) => weightedTail(terms(margin, cap));
  const pBlockAt = (margin: number) => 1 - weightedTail(terms(margin, -largest * factor(margin)));
  return { pBlockAt, pPassAt };
}

/**
 * Losses of the same items, paired and clipped to the cap. An item without an answer has the cap as its loss. A relative
 * margin t compares c - (1+t) l with 0, so that the live version's mean is not taken as known; rmse does so with squares.
 * Passing adds an item that the candidate ruins, blocking one that it repairs as far as the live version ever erred.
 */
export function judgeLosses(live: readonly Loss[], candidate: readonly Loss[], options: QualityOptions): Judgement {
  const power = options.metric === 'rmse' ? 2 : 1;
  const cap = (options.cap as number) ** power;
  const clipped = (loss: Loss) => (loss === null ? cap : Math.min(cap, loss ** power));
  const [before, after] = [live.map(clipped), candidate.map(clipped)];
  const n = before.length;
  const relative = options.margin === 'relative';
  const { pBlockAt, pPassAt } = lawsOf({ before, after, relative, power, cap });
  const used = levelsOf(options);
  const means = [before, after].map((losses) => losses.reduce((sum, loss) => sum + loss, 0) / n) as [number, number];
  const [meanLive, meanCandidate] = means.map((mean) => mean ** (1 / power)) as [number, number];
  const differences = after.map((loss, at) => loss - before[at]!);
  const mean = means[1] - means[0];
  const variance = differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / n + cap ** 2 / n ** 2;
  const estimate = relative ? (meanLive > 0 ? meanCandidate / meanLive - 1 : null) : mean;
  const spread = 2.5 * Math.sqrt(variance / n);
  const [lowest, highest] = relative ? [-1, largestRelative] : [-cap, cap];
  return {
    n,
    lost: differences.filter((d) => d > 0).length,
    gained: differences.filter((d) => d < 0).length,
    live: meanLive,
    candidate: meanCandidate,
    estimate,
    ...boundsOf({ n, estimate, step: spread / (relative ? means[0] : 1), lowest, highest, pBlockAt, pPassAt, used }),
    pBlock: pBlockAt(options.tolerance),
    pPass: pPassAt(options.limit),
    levels: used,
    variance,
    different: false,
  };
}

interface Laws {
  n: number;
  /** Where the search begins: the loss as seen, and how far one step goes. */
  estimate: number | null;
  step: number;
  lowest: number;
  highest: number;
  pBlockAt(margin: number): number;
  pPassAt(margin: number): number;
  used: { block: number; pass: number };
}

/**
 * Where a falling (or rising) law crosses a level: steps from `start` until it is passed, then by false position with the
 * Illinois rule on logarithms, since each look at 100,000 values takes a quarter of a second. `null` where it never does.
 */
function crossing(law: (at: number) => number, level: number, start: number, step: number, end: number): number | null {
  const height = (at: number) => Math.log(Math.max(law(at), 1e-12) / level);
  let [a, fa] = [start, height(start)];
  if (fa <= 0) return start;
  let [b, fb, reach] = [a, fa, step];
  while (fb > 0) {
    if (b === end) return null;
    [a, fa] = [b, fb];
    b = step > 0 ? Math.min(end, b + reach) : Math.max(end, b + reach);
    fb = height(b);
    reach *= 2;
  }
  for (let at = 0; at < 40 && Math.abs(b - a) > 1e-7 * Math.max(1, Math.abs(b)); at += 1) {
    const c = a + (fa * (b - a)) / (fa - fb);
    const fc = height(c);
    if (Math.abs(fc) < 1e-6) return c;
    if (fc > 0) [a, fa, fb] = [c, fc, fb / 2];
    else [b, fb, fa] = [c, fc, fa / 2];
  }
  return b;
}

/** Largest margin that is provably exceeded, smallest that is provably not; `null` where there is none. */
function boundsOf(laws: Laws): { lower: number | null; upper: number | null } {
  const { n, estimate, step, lowest, highest, pBlockAt, pPassAt, used } = laws;
  // Of so few items nothing is decided, and the law of a handful of weights takes long.
  if (estimate === null || n < fewestItems) return { lower: null, upper: null };
  return {
    lower: crossing(pBlockAt, used.block, estimate, -step, lowest),
    upper: crossing(pPassAt, used.pass, estimate, step, highest),
  };
}
