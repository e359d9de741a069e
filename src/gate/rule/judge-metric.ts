import { decideMetric, levelsOf, type MetricDecision } from './decide-metric.ts';
import { criticalRank, rankTail } from './laws.ts';
import { fewestStarts } from './options.ts';
import { ratioOf } from './ratio.ts';
import type { Metric } from './sample.ts';
import { finite, median, nearestRank, spreadOf } from './values.ts';
import type { MetricVerdict } from './verdict.ts';
import type { Zone } from './zone.ts';

/** How one metric is judged at one look. */
export interface MetricStage {
  metric: Metric;
  gating: boolean;
  /** Number of gating metrics, which share the error; 1 for an advisory one. */
  among: number;
  zone: Zone;
  /** Share of the total error that this look may spend. */
  share: number;
  sloMs: number | undefined;
}

const timeouts = (values: readonly number[]) => values.filter((v) => v === Infinity).length;

/** What is known without a comparison. */
export function describeArms(
  stage: Pick<MetricStage, 'metric' | 'gating'>,
  candidate: readonly number[],
  baseline: readonly number[],
) {
  const spreads = [spreadOf(candidate), spreadOf(baseline)].filter((s) => s !== null);
  return {
    metric: stage.metric,
    gating: stage.gating,
    n: { candidate: candidate.length, baseline: baseline.length },
    ratio: null,
    lower: null,
    upper: null,
    spread: spreads.length > 0 ? Math.max(...spreads) : null,
    slow: { candidate: 0, baseline: 0 },
    p: { block: null, pass: null, tail: null, slo: null },
    median: { candidate: finite(median(candidate)), baseline: finite(median(baseline)) },
    p95: { candidate: finite(nearestRank(candidate, 0.95)), baseline: finite(nearestRank(baseline, 0.95)) },
    timeouts: { candidate: timeouts(candidate), baseline: timeouts(baseline) },
    held: false,
  };
}

function outcome(decision: MetricDecision, enough: boolean): Pick<MetricVerdict, 'verdict' | 'reason'> {
  if (!enough) return { verdict: 'inconclusive', reason: 'too-few-samples' };
  return { verdict: decision.verdict, reason: decision.reason };
}

/** Judges one metric; both arms ascending and valid. An empty arm is a failed measurement, never a pass. */
export function judgeMetric(
  stage: MetricStage,
  candidate: readonly number[],
  baseline: readonly number[],
): MetricVerdict {
  const known = describeArms(stage, candidate, baseline);
  const [m, n] = [candidate.length, baseline.length];
  if (m === 0 || n === 0) return { ...known, verdict: 'error', reason: 'no-samples' };
  const levels = levelsOf(stage.share, stage.among);
  const decision = decideMetric(candidate, baseline, stage.zone, levels, stage.sloMs);
  const enough = Math.min(m, n) >= fewestStarts;
  return {
    ...known,
    ...outcome(decision, enough),
    ...ratioOf(candidate, baseline, criticalRank(levels.block, m, n), criticalRank(levels.pass, m, n)),
    slow: decision.slow,
    p: {
      block: rankTail(decision.above, m, n),
      pass: rankTail(decision.below, m, n),
      tail: decision.pTail,
      slo: decision.pSlo,
    },
    held: enough && decision.held,
  };
}
