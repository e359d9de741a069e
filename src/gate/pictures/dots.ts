import type { GateRecord } from '../record/record.ts';
import { type ArmView, arms, armView, extent, shownMetric } from '../record/record-view.ts';
import { ms } from '../words/number-words.ts';

/** Dots of one arm, highest row first: `.` is one start, `:` two, more are stacked. */
function stack(view: ArmView, low: number, high: number, width: number): string[] {
  const counts = new Array<number>(width).fill(0);
  for (const value of view.kept) {
    const at = high > low ? Math.round(((value - low) / (high - low)) * (width - 1)) : 0;
    const column = Math.min(width - 1, Math.max(0, at));
    counts[column] = counts[column]! + 1;
  }
  const rows = Math.max(1, Math.ceil(Math.max(...counts) / 2));
  return Array.from({ length: rows }, (_, row) => {
    const under = 2 * (rows - 1 - row);
    const cells = counts.map((count) => (count - under >= 2 ? ':' : count - under === 1 ? '.' : ' '));
    return cells.join('').trimEnd();
  });
}

/** Every judged start of both arms as a dot on one scale of ms. */
export function dotPlot(record: GateRecord, width: number): string[] {
  const metric = shownMetric(record);
  const views = arms.map((arm) => armView(record, arm, metric)).filter((v) => v.kept.length + v.timeouts > 0);
  const range = extent(views.map((v) => ({ ...v, discarded: [] })));
  if (!range) return [];
  const [low, high] = range;
  const name = Math.max(...views.map((v) => v.arm.length));
  const lines = views.flatMap((view) => {
    const rows = stack(view, low, high, width);
    const late = view.timeouts > 0 ? `${' '.repeat(2)}${'x'.repeat(view.timeouts)} timed out` : '';
    return rows.map((row, at) =>
      at === rows.length - 1
        ? `${view.arm.padEnd(name)} | ${late ? row.padEnd(width) + late : row}`
        : `${' '.repeat(name)} | ${row}`,
    );
  });
  const [from, to] = [`${ms(low)} ms`, `${ms(high)} ms`];
  const axis = `${' '.repeat(name)} | ${from}${to.padStart(Math.max(1, width - from.length))}`;
  return [...lines, `${axis}  one dot a cold start, ${metric}`];
}
