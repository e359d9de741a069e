import type { GateRecord } from '../record/record.ts';
import type { MetricVerdict } from '../rule/verdict.ts';
import { verdictWords } from './line.ts';
import { change, ms } from './number-words.ts';

export const tableHead = [
  'metric',
  'baseline median / p95',
  'candidate median / p95',
  'change',
  'proven',
  'slow starts',
  'verdict',
] as const;

function times(m: MetricVerdict, arm: 'candidate' | 'baseline'): string {
  if (m.n[arm] === 0) return '-';
  const one = (value: number | null) => (value === null ? 'time-out' : ms(value));
  return `${one(m.median[arm])} / ${one(m.p95[arm])}`;
}

/** The bound that the verdict rests on. */
function proven(m: MetricVerdict): string {
  const least = m.lower === null ? '' : `>= ${change(m.lower)}`;
  const most = m.upper === null ? '' : `<= ${change(m.upper)}`;
  if (m.verdict === 'regression') return least || '-';
  if (m.verdict === 'pass') return most || '-';
  return m.lower === null || m.upper === null ? least || most || '-' : `${change(m.lower)} to ${change(m.upper)}`;
}

/** One row a metric, gating ones first; texts are free of markup. */
export const tableRows = (record: GateRecord): string[][] =>
  record.verdict.metrics.map((m) => [
    m.metric,
    times(m, 'baseline'),
    times(m, 'candidate'),
    m.ratio === null ? '-' : change(m.ratio),
    proven(m),
    `${m.slow.baseline} : ${m.slow.candidate}`,
    m.gating ? verdictWords[m.verdict] : '(advisory)',
  ]);
