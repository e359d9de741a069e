import { type Arm, type GateSample, type Metric, metrics } from '../rule/sample.ts';
import { median } from '../rule/values.ts';
import type { MetricVerdict, Verdict } from '../rule/verdict.ts';
import type { GateRecord } from './record.ts';

/** Starts of one arm as a picture shows them. Values in ms, in order of measurement. */
export interface ArmView {
  arm: Arm;
  /** `candidate 1.1.0` */
  label: string;
  kept: number[];
  discarded: number[];
  timeouts: number;
  failed: number;
}

export const arms: readonly Arm[] = ['baseline', 'candidate'];

/** The metric that decided, else the first gating one; undefined in a verdict without metrics. */
export function decisiveMetric(verdict: Verdict): MetricVerdict | undefined {
  const gating = verdict.metrics.filter((m) => m.gating);
  return gating.find((m) => m.verdict === verdict.verdict) ?? gating[0];
}

export const shownMetric = (record: GateRecord): Metric =>
  decisiveMetric(record.verdict)?.metric ?? record.rule.options.metrics[0]!;

export function armView(record: GateRecord, arm: Arm, metric: Metric): ArmView {
  const own = record.samples.filter((s) => s.arm === arm);
  const values = (samples: readonly GateSample[]) =>
    samples.filter((s) => s.status === 'ok').flatMap((s) => ((s.timings[metric] ?? 0) > 0 ? [s.timings[metric]!] : []));
  const judged = own.filter((s) => !s.discarded);
  const kept = values(judged);
  const timeouts = judged.filter((s) => s.status === 'timeout').length;
  return {
    arm,
    label: `${arm} ${record[arm]?.version ?? ''}`.trim(),
    kept,
    discarded: values(own.filter((s) => s.discarded)),
    timeouts,
    failed: judged.length - kept.length - timeouts,
  };
}

/** Lowest and highest value that a picture of these arms must hold; undefined where no start finished. */
export function extent(views: readonly ArmView[]): [number, number] | undefined {
  const all = views.flatMap((v) => [...v.kept, ...v.discarded]);
  return all.length === 0 ? undefined : [Math.min(...all), Math.max(...all)];
}

export interface PhaseMedians {
  phase: Metric;
  baseline: number | null;
  candidate: number | null;
}

/** From the start of the process to the first answer. */
const parts = metrics.slice(metrics.indexOf('init_ms'), metrics.indexOf('first_run_ms') + 1);

/** Medians of the phases that were reported, in the order that a start goes through them. */
export function phaseMedians(record: GateRecord): PhaseMedians[] {
  const of = (arm: Arm, phase: Metric) => {
    const values = armView(record, arm, phase).kept.sort((a, b) => a - b);
    return values.length === 0 ? null : median(values);
  };
  const all = parts.map((phase) => ({ phase, baseline: of('baseline', phase), candidate: of('candidate', phase) }));
  return all.filter((p) => p.baseline !== null || p.candidate !== null);
}

/** Metrics that any start reported, in the usual order. */
export const reportedMetrics = (record: GateRecord): Metric[] =>
  metrics.filter((m) => record.samples.some((s) => s.timings[m] !== undefined));
