import { table } from '../words/markdown.ts';
import { plain } from '../words/plain.ts';
import type { QualityVerdict } from './judgement.ts';
import { isShare } from './options.ts';
import type { QualityMetricRecord } from './record.ts';

/** The machine-readable form: what was seen, what was proven, at which levels. */
export function qualityDocument({ judgement, options, ...found }: QualityVerdict): Record<string, unknown> {
  const { metric, tolerance, limit, margin, cap = null } = options;
  const { lost, gained, live, candidate, estimate, lower, upper, pBlock, pPass, levels } = judgement ?? {};
  const counted = isShare(metric) ? { b: lost ?? null, c: gained ?? null } : {};
  return {
    ...found,
    ...counted,
    lost: lost ?? null,
    gained: gained ?? null,
    live: live ?? null,
    candidate: candidate ?? null,
    estimate: estimate ?? null,
    lower: lower ?? null,
    upper: upper ?? null,
    pBlock: pBlock ?? null,
    pPass: pPass ?? null,
    levels: levels ?? null,
    margin: { kind: margin, tolerance, limit },
    cap,
    look: options.look,
  };
}

/** What the rule says of one metric, flat. */
type MetricFacts = Omit<QualityMetricRecord, 'decides' | 'output' | 'k'>;

/** The same, flat, as records have it. */
export function metricFacts({ judgement: j, options, ...found }: QualityVerdict): MetricFacts {
  const { verdict, reason, line, metric, n, failed } = found;
  return {
    ...{ verdict, reason, line, metric, n, failed },
    ...{ lost: j?.lost ?? null, gained: j?.gained ?? null, live: j?.live ?? null, candidate: j?.candidate ?? null },
    ...{ estimate: j?.estimate ?? null, lower: j?.lower ?? null, upper: j?.upper ?? null },
    ...{ pBlock: j?.pBlock ?? null, pPass: j?.pPass ?? null, levels: j?.levels ?? null, options },
  };
}

const shown = (value: number | null): string => (value === null ? '-' : String(Number(value.toPrecision(4))));

export const qualityHead = [
  'metric',
  'live',
  'candidate',
  'difference',
  'proven',
  'lost : gained',
  'failed',
  'verdict',
];

/** One row of numbers; texts are free of markup. */
export function qualityRow(found: MetricFacts & { decides?: boolean }): string[] {
  const { metric, live, candidate, estimate, lower, upper, lost, gained, failed, verdict, decides } = found;
  return [
    metric,
    shown(live),
    shown(candidate),
    shown(estimate),
    estimate === null ? '-' : `${shown(lower)} to ${shown(upper)}`,
    lost === null ? '-' : `${lost} : ${gained}`,
    `${failed.candidate} (live ${failed.live})`,
    decides === false ? `(${verdict})` : verdict,
  ];
}

/** The verdict for a job's summary: its line and one row of numbers. */
export function qualityMarkdown(found: QualityVerdict): string {
  const rows = [qualityRow(metricFacts(found))];
  return [`**${plain(found.line)}**`, '', ...table(qualityHead, rows, (column) => column > 0 && column < 4), ''].join(
    '\n',
  );
}
