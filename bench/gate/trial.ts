import { decideMetric, levelsOf } from '../../src/gate/rule/decide-metric.ts';
import { looksOf, spentAt } from '../../src/gate/rule/gate.ts';
import type { GateOptions } from '../../src/gate/rule/options.ts';
import { zoneOf } from '../../src/gate/rule/zone.ts';

export interface Outcome {
  verdict: 'pass' | 'regression' | 'inconclusive';
  /** Starts an arm that were taken. */
  starts: number;
}

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

/**
 * One release under the rule: starts arrive in pairs, the gate looks as planned and stops when it is clear. The same
 * decision as `createGate(options).judge`, look by look, without what is computed only to be shown (a test compares).
 */
export function release(options: GateOptions, take: (pair: number) => [candidate: number, baseline: number]): Outcome {
  const zone = zoneOf(options);
  const candidate: number[] = [];
  const baseline: number[] = [];
  let spent = 0;
  for (const look of looksOf(options.maxSamples)) {
    while (candidate.length < look) {
      const [c, b] = take(candidate.length);
      candidate.push(c);
      baseline.push(b);
    }
    const next = spentAt(look, options.maxSamples);
    const { verdict } = decideMetric(ascending(candidate), ascending(baseline), zone, levelsOf(next - spent, 1));
    if (verdict !== 'inconclusive') return { verdict, starts: look };
    spent = next;
  }
  return { verdict: 'inconclusive', starts: candidate.length };
}

const nearestRank = (values: readonly number[], share: number) =>
  ascending(values)[Math.ceil(share * values.length) - 1]!;

/** The usual rule: block when the p95 of the candidate is more than 1.2 times the stored p95. */
export const usualRule = (candidate: readonly number[], stored: readonly number[]): boolean =>
  nearestRank(candidate, 0.95) > 1.2 * nearestRank(stored, 0.95);
