import { binomialTail, criticalRank, fisherTail } from './laws.ts';
import { median } from './values.ts';
import { limited, tolerated, type Zone } from './zone.ts';

/** Error levels of one look. */
export interface Levels {
  block: number;
  pass: number;
  tail: number;
  slo: number;
}

/** Total error levels of a gate: at most 2.5 % + 1 % + 1 % of harmless candidates blocked, 1 % of slow ones passed. */
export const totalLevels: Levels = { block: 0.025, pass: 0.01, tail: 0.01, slo: 0.01 };

/** A candidate with more slow starts than chance explains does not pass, even where that is not proven. */
const holdBelow = 0.1;
/** Slow means more than this many times the pooled median. */
const slowFactor = 2;
/** Share of starts that may exceed the SLO, which limits the p95. */
const sloShare = 0.05;

/** This look's levels: its share of the error, divided by the number of gating metrics (Bonferroni). */
export const levelsOf = (share: number, gating: number): Levels => ({
  block: (totalLevels.block * share) / gating,
  pass: (totalLevels.pass * share) / gating,
  tail: (totalLevels.tail * share) / gating,
  slo: totalLevels.slo * share,
});

/** Number of pairs (a, b) with a > b; ties count for neither side. Both ascending; infinities are values like others. */
export function countAbove(a: readonly number[], b: readonly number[]): number {
  let below = 0;
  let count = 0;
  for (const value of a) {
    while (below < b.length && b[below]! < value) below += 1;
    count += below;
  }
  return count;
}

/** Starts of both arms that took more than twice the median of the pool of candidate and tolerated baseline. */
function slowStarts(candidate: readonly number[], shifted: readonly number[]): [number, number] {
  const bound = slowFactor * median([...candidate, ...shifted].sort((a, b) => a - b));
  const slow = (values: readonly number[]) => values.filter((v) => v > bound).length;
  return [slow(candidate), slow(shifted)];
}

export interface MetricDecision {
  verdict: 'pass' | 'regression' | 'inconclusive';
  reason: 'shift' | 'tail' | 'slo' | 'clear' | 'unsure';
  /** Pairs with candidate > g(baseline), and with candidate < h(baseline). */
  above: number;
  below: number;
  slow: { candidate: number; baseline: number };
  pTail: number;
  /** Nothing without an SLO. */
  pSlo: number | null;
  /** True when the shift would pass but slow starts hold it back. */
  held: boolean;
}

/** p of the SLO test: the share of starts over it is provably more than 5 % when this is small. */
export const sloTail = (candidate: readonly number[], sloMs: number): number =>
  binomialTail(candidate.filter((v) => v > sloMs).length, candidate.length, sloShare);

/**
 * Section 5.2 of the rule for one metric at one look. Both arms ascending, valid values only, none empty.
 * Block: Mann-Whitney of the candidate against the tolerated baseline g(b), valid whenever the candidate is
 * stochastically not larger (Lehmann 1951); the tail by Fisher's exact test; the SLO by the binomial law.
 * Pass: Mann-Whitney against the limit h(b), unless the tail holds.
 */
export function decideMetric(
  candidate: readonly number[],
  baseline: readonly number[],
  zone: Zone,
  levels: Levels,
  sloMs?: number,
): MetricDecision {
  const [m, n] = [candidate.length, baseline.length];
  const shifted = baseline.map((b) => tolerated(zone, b));
  const limit = baseline.map((b) => limited(zone, b));
  const above = countAbove(candidate, shifted);
  const below = countAbove(limit, candidate);
  const [slowCandidate, slowBaseline] = slowStarts(candidate, shifted);
  const pTail = fisherTail(slowCandidate, m, slowBaseline, n);
  const pSlo = sloMs === undefined ? null : sloTail(candidate, sloMs);
  const faster = below >= criticalRank(levels.pass, m, n);
  const held = faster && pTail < holdBelow;
  const seen = { above, below, slow: { candidate: slowCandidate, baseline: slowBaseline }, pTail, pSlo, held };
  if (above >= criticalRank(levels.block, m, n)) return { verdict: 'regression', reason: 'shift', ...seen };
  if (pTail <= levels.tail) return { verdict: 'regression', reason: 'tail', ...seen };
  if (pSlo !== null && pSlo <= levels.slo) return { verdict: 'regression', reason: 'slo', ...seen };
  if (faster && !held) return { verdict: 'pass', reason: 'clear', ...seen };
  return { verdict: 'inconclusive', reason: 'unsure', ...seen };
}
