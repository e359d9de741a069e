import { finite } from './values.ts';

export interface Ratio {
  /** Hodges-Lehmann ratio: median of all candidate / baseline quotients. Null among time-outs. */
  ratio: number | null;
  lower: number | null;
  upper: number | null;
}

/** All quotients, ascending; `both` stands for the quotient of two time-outs, which is unknown. */
function quotients(candidate: readonly number[], baseline: readonly number[], both: number): Float64Array {
  const all = new Float64Array(candidate.length * baseline.length);
  let at = 0;
  for (const c of candidate) {
    for (const b of baseline) {
      const quotient = c / b;
      all[at++] = Number.isNaN(quotient) ? both : quotient;
    }
  }
  return all.sort();
}

/**
 * Point and bounds of the ratio at this look's levels (repeated confidence interval): the `lowerRank`-th largest and
 * the `upperRank`-th smallest quotient, ranks being the critical counts of the two rank tests. So "lower > 1.05" is
 * equivalent to the block test, "upper < 1.25" to the pass test (where no floor in ms applies). Two time-outs count for
 * neither side. Exact bounds as in R's wilcox.test(conf.int = TRUE).
 */
export function ratioOf(
  candidate: readonly number[],
  baseline: readonly number[],
  lowerRank: number,
  upperRank: number,
): Ratio {
  const equal = quotients(candidate, baseline, 1);
  const pairs = equal.length;
  const half = pairs >> 1;
  const middle = pairs % 2 === 1 ? equal[half]! : (equal[half - 1]! + equal[half]!) / 2;
  const timeouts = candidate.at(-1) === Infinity && baseline.at(-1) === Infinity;
  const low = timeouts ? quotients(candidate, baseline, 0) : equal;
  const high = timeouts ? quotients(candidate, baseline, Infinity) : equal;
  return {
    ratio: finite(middle),
    lower: lowerRank > pairs || lowerRank < 1 ? null : finite(low[pairs - lowerRank]!),
    upper: upperRank > pairs || upperRank < 1 ? null : finite(high[upperRank - 1]!),
  };
}
