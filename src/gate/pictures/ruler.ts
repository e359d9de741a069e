import type { GateRecord } from '../record/record.ts';
import { decisiveMetric } from '../record/record-view.ts';
import { limited, tolerated, zoneOf } from '../rule/zone.ts';
import { signedPercent } from '../words/number-words.ts';

export interface RatioPicture {
  ratio: number;
  /** Nothing where it is not bounded. */
  lower: number | null;
  upper: number | null;
  /** Tolerance and limit as ratios; the floors in ms are included at the baseline's median. */
  tolerance: number;
  limit: number;
  /** Range to draw. */
  from: number;
  to: number;
}

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

/** What a picture of the ratio shows; undefined without a comparison. */
export function ratioPicture(record: GateRecord): RatioPicture | undefined {
  const m = decisiveMetric(record.verdict);
  const base = m?.median.baseline;
  if (!m || m.ratio === null || !base) return undefined;
  const zone = zoneOf(record.rule.options);
  const [tolerance, limit] = [tolerated(zone, base) / base, limited(zone, base) / base];
  const edges = [0.8, m.ratio, m.lower ?? m.ratio, m.upper ?? m.ratio, Math.min(limit, 3) + 0.25];
  const from = clamp(Math.min(...edges), 0, 1);
  return {
    ratio: m.ratio,
    lower: m.lower,
    upper: m.upper,
    tolerance,
    limit,
    from,
    to: clamp(Math.max(...edges), 1.2, 5),
  };
}

/** The ratio with its bounds as text: `.` no change, `:` tolerance and limit, `[--o--]` the bounds and the ratio. */
export function ruler(record: GateRecord, width: number): string[] {
  const p = ratioPicture(record);
  if (!p) return [];
  const column = (value: number) => Math.round(clamp((value - p.from) / (p.to - p.from), 0, 1) * (width - 1));
  const cells = new Array<string>(width).fill(' ');
  const [low, high] = [column(p.lower ?? p.from), column(p.upper ?? p.to)];
  for (let at = low; at <= high; at += 1) cells[at] = '-';
  for (const [value, mark] of [
    [1, '.'],
    [p.tolerance, ':'],
    [p.limit, ':'],
  ] as const)
    cells[column(value)] = mark;
  cells[low] = p.lower === null ? '<' : '[';
  cells[high] = p.upper === null ? '>' : ']';
  cells[column(p.ratio)] = 'o';
  const labels = new Array<string>(width + 12).fill(' ');
  let free = 0;
  for (const value of [1, p.tolerance, p.limit]) {
    const text = value === 1 ? '0' : signedPercent(value - 1).replace(' %', '');
    const at = Math.max(free, column(value));
    for (const [index, letter] of [...text].entries()) labels[at + index] = letter;
    free = at + text.length + 1;
  }
  return [labels.join('').trimEnd(), `${cells.join('').trimEnd()}  change in %, ':' = tolerance, limit`];
}
