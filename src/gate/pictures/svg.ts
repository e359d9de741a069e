import { scaleLinear } from 'd3-scale';
import type { GateRecord } from '../record/record.ts';
import { phaseMedians } from '../record/record-view.ts';
import { ms, signedMs } from '../words/number-words.ts';
import { dotsPanel, type Panel } from './svg-dots.ts';
import { line, mark, words, xml } from './svg-mark.ts';
import { ratioPanel } from './svg-ratio.ts';

const bar = 9;
const row = 2 * bar + 10;

/** Median of each phase for both arms, with the shift where it is beyond chance: a slow store is not a slow model. */
function phasesPanel(record: GateRecord, left: number, right: number, top: number): Panel {
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

const width = 820;
const left = 150;
const right = width - 90;

/** Colours that differ in lightness too, so that they work in grey and for colour-blind readers. */
export const style = `
text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:12px;fill:#24292f}
.title{font-size:14px;font-weight:600}.head{font-weight:600}.small{font-size:11px;fill:#57606a}
.grid,.tick{stroke:#d0d7de;stroke-width:1}
circle.baseline,rect.baseline{fill:#8a8f98}circle.candidate,rect.candidate{fill:#d9480f}
text.baseline{fill:#57606a;font-weight:600}text.candidate{fill:#b93a08;font-weight:600}
circle.apart{fill:#fff;stroke-width:1.2}circle.baseline.apart{stroke:#8a8f98}circle.candidate.apart{stroke:#d9480f}
.median{stroke-width:2}.median.baseline{stroke:#57606a}.median.candidate{stroke:#b93a08}
.fine{fill:#dcf1e1}.between{fill:#f3f1e4}.bad{fill:#fbe0dc}
.bounds{stroke:#24292f;stroke-width:2}.ratio{fill:#24292f}
`;

/** Breaks a line at spaces so that it fits; the font is the reader's, so the measure is careful. */
export function wrap(text: string, most: number): string[] {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const last = lines.length - 1;
    if (lines[last] !== '' && lines[last]!.length + word.length >= most) lines.push(word);
    else lines[last] = lines[last] === '' ? word : `${lines[last]} ${word}`;
  }
  return lines.slice(0, 6);
}

/**
 * A record as an SVG picture: verdict, every start, the ratio over the zone, the phases. Needs no fonts, scripts or
 * network to be looked at, and is the same bytes for the same record.
 */
export function renderSvg(record: GateRecord): string {
  const title = wrap(record.verdict.line, 84);
  const under = `${record.model} ${record.candidate.version}, ${record.target}, ${record.started_at.slice(0, 16).replace('T', ' ')}`;
  const advice = record.verdict.advice === '' ? [] : wrap(record.verdict.advice, 112);
  const parts = title.map((text, at) => words(16, 26 + at * 19, text, 'start', 'title'));
  let y = 26 + title.length * 19;
  for (const text of [...advice, under]) {
    parts.push(words(16, y, text, 'start', text === under ? 'small' : 'label'));
    y += 17;
  }
  y += 16;
  for (const panel of [dotsPanel, ratioPanel, phasesPanel]) {
    const { markup, height } = panel(record, left, right, y);
    if (markup === '') continue;
    parts.push(mark('g', {}, markup));
    y += height + 8;
  }
  const head = {
    xmlns: 'http://www.w3.org/2000/svg',
    width,
    height: y,
    viewBox: `0 0 ${width} ${Math.round(y)}`,
    role: 'img',
  };
  const body = `<title>${xml(record.verdict.line)}</title><style>${style}</style>${mark('rect', { width, height: y, fill: '#fff' })}`;
  return `${mark('svg', head, `${body}\n${parts.join('\n')}\n`)}\n`;
}
