import { table } from '../words/markdown.ts';
import { plain } from '../words/plain.ts';
import type { QualityVerdict } from './judgement.ts';
import { isShare } from './options.ts';

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

const shown = (value: number | null | undefined): string =>
  value === null || value === undefined ? '-' : String(Number(value.toPrecision(4)));

/** The verdict for a job's summary: its line and one row of numbers. */
export function qualityMarkdown(found: QualityVerdict): string {
  const { judgement: j, metric, failed, verdict } = found;
  const head = ['metric', 'live', 'candidate', 'difference', 'proven', 'lost : gained', 'failed', 'verdict'];
  const proven = j ? `${shown(j.lower)} to ${shown(j.upper)}` : '-';
  const cells = [
    metric,
    shown(j?.live),
    shown(j?.candidate),
    shown(j?.estimate),
    proven,
    j ? `${j.lost} : ${j.gained}` : '-',
    `${failed.candidate} (live ${failed.live})`,
    verdict,
  ];
  return [`**${plain(found.line)}**`, '', ...table(head, [cells], (column) => column > 0 && column < 4), ''].join('\n');
}
