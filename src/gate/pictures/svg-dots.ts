import { type LinearScale, scaleLinear } from 'd3-scale';
import type { GateRecord } from '../record/record.ts';
import { type ArmView, arms, armView, extent, shownMetric } from '../record/record-view.ts';
import { median } from '../rule/values.ts';
import { ms } from '../words/number-words.ts';
import { line, mark, words, xml } from './svg-mark.ts';

/** A part of the picture: its markup and how much height it took, px. */
export interface Panel {
  markup: string;
  height: number;
}

const radius = 3.5;
const strip = 74;

interface Dot {
  value: number;
  discarded: boolean;
}

/** Vertical offset of each dot so that none hides another: alternating above and below the line (beeswarm). */
function offsets(dots: readonly Dot[], x: LinearScale): number[] {
  const placed: { at: number; offset: number }[] = [];
  const step = 2 * radius;
  return dots.map(({ value }) => {
    const at = x(value);
    const near = placed.filter((p) => Math.abs(p.at - at) < step);
    let rank = 0;
    const offset = () => Math.ceil(rank / 2) * step * (rank % 2 === 1 ? 1 : -1);
    while (near.some((p) => Math.hypot(p.at - at, p.offset - offset()) < step - 0.01) && rank < 200) rank += 1;
    placed.push({ at, offset: offset() });
    return offset();
  });
}

function armStrip(view: ArmView, x: LinearScale, top: number, right: number): string {
  const middle = top + strip / 2;
  const dots = [
    ...view.kept.map((value) => ({ value, discarded: false })),
    ...view.discarded.map((value) => ({ value, discarded: true })),
  ].sort((a, b) => a.value - b.value);
  const at = offsets(dots, x);
  const most = Math.max(1, ...at.map(Math.abs));
  const squeeze = Math.min(1, (strip / 2 - radius - 2) / most);
  const marks = dots.map(({ value, discarded }, index) => {
    const title = `<title>${xml(`${view.arm} ${ms(value)} ms${discarded ? ', not judged' : ''}`)}</title>`;
    const kind = discarded ? `${view.arm} apart` : view.arm;
    return mark('circle', { cx: x(value), cy: middle + at[index]! * squeeze, r: radius, class: kind }, title);
  });
  const centre = view.kept.length > 0 ? x(median([...view.kept].sort((a, b) => a - b))) : undefined;
  const late = Array.from({ length: view.timeouts }, (_, i) =>
    words(right + 12 + (i % 6) * 9, top + 16 + Math.floor(i / 6) * 11, '×', 'middle', view.arm),
  );
  return [
    words(16, middle - 2, view.label, 'start', `label ${view.arm}`),
    words(16, middle + 13, `${view.kept.length + view.timeouts} starts`, 'start', 'small'),
    ...(centre === undefined ? [] : [line(centre, top + 4, centre, top + strip - 4, `median ${view.arm}`)]),
    ...marks,
    ...late,
  ].join('');
}

/** Every start as a dot on one scale of ms: hollow ones were not judged, a cross is a time-out. */
export function dotsPanel(record: GateRecord, left: number, right: number, top: number): Panel {
  const metric = shownMetric(record);
  const views = arms.map((arm) => armView(record, arm, metric));
  const shown = views.filter((v) => v.kept.length + v.discarded.length + v.timeouts > 0);
  const range = extent(shown);
  if (!range) return { markup: '', height: 0 };
  const room = Math.max((range[1] - range[0]) * 0.03, range[1] * 0.01);
  const x = scaleLinear()
    .domain([range[0] - room, range[1] + room])
    .nice(8)
    .range([left, right]);
  const bottom = top + 22 + shown.length * strip;
  const grid = x
    .ticks(8)
    .map((t) => line(x(t), top + 18, x(t), bottom, 'grid') + words(x(t), bottom + 15, ms(t), 'middle', 'small'));
  const title = words(16, top + 8, `${metric}, ms: every start; hollow: not judged, bar: median`, 'start', 'head');
  const late = shown.some((v) => v.timeouts > 0) ? words(right + 34, bottom + 15, 'timed out', 'middle', 'small') : '';
  const strips = shown.map((view, at) => armStrip(view, x, top + 20 + at * strip, right));
  return { markup: [title, ...grid, late, ...strips].join(''), height: bottom + 34 - top };
}
