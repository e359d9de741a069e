import type { GateOptions } from './options.ts';
import type { MetricVerdict, Reason, VerdictWord } from './verdict.ts';
import { middleOf, type Zone } from './zone.ts';

export interface Outcome {
  verdict: VerdictWord;
  reason: Reason;
  /** The metric that decided it. */
  metric: MetricVerdict;
}

const of = (word: VerdictWord, metrics: readonly MetricVerdict[]) => metrics.find((m) => m.verdict === word);

/** Passing needs all gating metrics, one is enough to block; a failed measurement is neither. */
export function combine(metrics: readonly MetricVerdict[]): Outcome {
  const gating = metrics.filter((m) => m.gating);
  const unsure = gating.filter((m) => m.verdict === 'inconclusive');
  const metric =
    of('error', gating) ??
    of('regression', gating) ??
    unsure.find((m) => m.reason === 'too-few-samples') ??
    unsure[0] ??
    gating[0];
  if (!metric) throw new RangeError('a gate needs at least one metric');
  return { verdict: metric.verdict, reason: metric.reason, metric };
}

/**
 * What an unsure verdict does at the end (`on-inconclusive`). Leaning decides by the side of the zone's middle that the
 * ratio lies on. Too few starts are no evidence for either side and stay inconclusive.
 */
export function settle(
  outcome: Outcome,
  metrics: readonly MetricVerdict[],
  onInconclusive: GateOptions['onInconclusive'],
  zone: Zone,
): Outcome {
  if (outcome.verdict !== 'inconclusive' || outcome.reason !== 'unsure' || onInconclusive === 'fail') return outcome;
  if (onInconclusive === 'pass') return { ...outcome, verdict: 'pass' };
  const unsure = metrics.filter((m) => m.gating && m.verdict === 'inconclusive');
  const slower = unsure.find((m) => m.ratio === null || m.ratio > middleOf(zone));
  if (slower) return { verdict: 'regression', reason: 'lean-block', metric: slower };
  return { ...outcome, verdict: 'pass', reason: 'lean-pass' };
}
