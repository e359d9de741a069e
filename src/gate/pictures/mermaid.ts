import type { GateRecord } from '../record/record.ts';
import { type ArmView, arms, armView, extent, shownMetric } from '../record/record-view.ts';

/** Points a line has at most; more make the picture no clearer. */
const maxPoints = 40;

/** Value at an evenly spaced share of the sorted starts, time-outs drawn at the top edge. */
function quantiles(view: ArmView, points: number, top: number): number[] {
  const sorted = [...view.kept.sort((a, b) => a - b), ...new Array<number>(view.timeouts).fill(top)];
  return Array.from({ length: points }, (_, at) => {
    const place = points === 1 ? 0 : (at / (points - 1)) * (sorted.length - 1);
    const [low, high] = [sorted[Math.floor(place)]!, sorted[Math.ceil(place)]!];
    return Math.round((low + (place - Math.floor(place)) * (high - low)) * 10) / 10;
  });
}

/** Both arms' sorted starts as two lines over the share of starts (quantile plot): the upper line is the slower arm. */
export function quantilePlot(record: GateRecord): string[] {
  const metric = shownMetric(record);
  const views = arms.map((arm) => armView(record, arm, metric)).filter((v) => v.kept.length + v.timeouts > 1);
  const range = extent(views.map((v) => ({ ...v, discarded: [] })));
  if (!range) return [];
  const room = Math.max((range[1] - range[0]) * 0.1, range[1] * 0.02);
  const [low, high] = [Math.max(0, Math.floor(range[0] - room)), Math.ceil(range[1] + room)];
  const points = Math.min(maxPoints, Math.max(...views.map((v) => v.kept.length + v.timeouts)));
  const colours = { baseline: { hex: '#8a8f98', word: 'grey' }, candidate: { hex: '#d9480f', word: 'orange' } };
  const palette = views.map((v) => colours[v.arm].hex).join(', ');
  return [
    '```mermaid',
    `%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "${palette}"}}}}%%`,
    'xychart-beta',
    // A longer title is cut at both ends.
    `  title "${metric}: ${views.map((v) => `${v.arm} ${colours[v.arm].word}`).join(', ')}"`,
    '  x-axis "% of starts that took at most so long" 0 --> 100',
    `  y-axis "ms" ${low} --> ${high}`,
    ...views.map((view) => `  line [${quantiles(view, points, high).join(', ')}]`),
    '```',
  ];
}
