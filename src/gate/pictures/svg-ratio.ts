import { scaleLinear } from 'd3-scale';
import type { GateRecord } from '../record/record.ts';
import { change, signedPercent } from '../words/number-words.ts';
import { ratioPicture } from './ruler.ts';
import type { Panel } from './svg-dots.ts';
import { line, mark, words } from './svg-mark.ts';

const height = 46;

/** The ratio with its bounds over the zone: up to the tolerance never blocks, from the limit on never passes. */
export function ratioPanel(record: GateRecord, left: number, right: number, top: number): Panel {
  const p = ratioPicture(record);
  if (!p) return { markup: '', height: 0 };
  const x = scaleLinear().domain([p.from, p.to]).nice(8).range([left, right]).clamp(true);
  const [from, to] = [top + 20, top + 20 + height];
  const middle = from + height / 2;
  const band = (low: number, high: number, kind: string) =>
    mark('rect', { x: x(low), y: from, width: Math.max(0, x(high) - x(low)), height, class: kind });
  const [least, most] = x.domain();
  const [low, high] = [p.lower ?? least, p.upper ?? most];
  const ends = [p.lower, p.upper]
    .filter((v) => v !== null)
    .map((v) => line(x(v), middle - 7, x(v), middle + 7, 'bounds'));
  const markup = [
    words(16, top + 8, 'change against the baseline, with its proven bounds', 'start', 'head'),
    band(least, p.tolerance, 'fine'),
    band(p.tolerance, p.limit, 'between'),
    band(p.limit, most, 'bad'),
    words(x(p.tolerance) - 4, from + 11, 'tolerated', 'end', 'small'),
    words(x(p.limit) + 4, from + 11, 'limit', 'start', 'small'),
    ...x
      .ticks(8)
      .map((t) => line(x(t), to, x(t), to + 4, 'tick') + words(x(t), to + 16, signedPercent(t - 1), 'middle', 'small')),
    line(x(1), from + 15, x(1), to, 'grid'),
    line(x(low), middle, x(high), middle, 'bounds'),
    ...ends,
    mark('circle', { cx: x(p.ratio), cy: middle, r: 5.5, class: 'ratio' }),
    words(16, middle + 4, change(p.ratio), 'start', 'label'),
  ];
  return { markup: markup.join(''), height: to + 34 - top };
}
