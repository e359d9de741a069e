import { scaleLinear } from 'd3-scale';
import type { GateRecord } from '../record/record.ts';
import { phaseMedians } from '../record/record-view.ts';
import { ms, signedMs } from '../words/number-words.ts';
import type { Panel } from './svg-dots.ts';
import { line, mark, words } from './svg-mark.ts';

const bar = 9;
const row = 2 * bar + 10;

/** Median of each phase for both arms, with the shift where it is beyond chance: a slow store is not a slow model. */
export function phasesPanel(record: GateRecord, left: number, right: number, top: number): Panel {
  const phases = phaseMedians(record);
  if (phases.length < 2) return { markup: '', height: 0 };
  const most = Math.max(...phases.flatMap((p) => [p.baseline ?? 0, p.candidate ?? 0]));
  const x = scaleLinear().domain([0, most]).nice(6).range([left, right]);
  const moved = new Map(record.verdict.phases.map((p) => [p.phase, p.shiftMs]));
  const bottom = top + 20 + phases.length * row;
  const bars = phases.map((p, at) => {
    const y = top + 20 + at * row;
    const arm = (value: number | null, offset: number, kind: string) =>
      value === null ? '' : mark('rect', { x: left, y: y + offset, width: x(value) - left, height: bar, class: kind });
    const shift = moved.get(p.phase);
    const end = x(Math.max(p.baseline ?? 0, p.candidate ?? 0)) + 6;
    const note = shift === undefined ? '' : words(end, y + bar + 5, signedMs(shift), 'start', 'label candidate');
    return (
      words(16, y + bar + 4, p.phase) + arm(p.baseline, 0, 'baseline') + arm(p.candidate, bar + 1, 'candidate') + note
    );
  });
  const axis = x
    .ticks(6)
    .map((t) => line(x(t), bottom, x(t), bottom + 4, 'tick') + words(x(t), bottom + 16, ms(t), 'middle', 'small'));
  const title = words(
    16,
    top + 8,
    'median of each phase, ms; a number marks what moved beyond chance',
    'start',
    'head',
  );
  return { markup: [title, ...bars, ...axis].join(''), height: bottom + 30 - top };
}
