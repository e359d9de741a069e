import { scaleLinear } from 'd3-scale';
import { style, wrap } from '../pictures/svg.ts';
import { line, mark, words, xml } from '../pictures/svg-mark.ts';
import { isShare } from './options.ts';
import type { QualityMetricRecord, QualityRecord } from './record.ts';

const width = 820;
const [left, right] = [150, 790];
const row = 22;
/** Moves that are drawn; the record has more. */
const maxMoves = 12;

interface Panel {
  markup: string;
  height: number;
}

/** All items as one bar: right in both, lost, gained, wrong in both. */
function sidesPanel({ n, lost, gained, live, metric }: QualityMetricRecord, top: number): Panel {
  if (live === null || lost === null || gained === null || metric === 'macro-f1') return { markup: '', height: 0 };
  const both = Math.max(0, Math.round(live * n) - lost);
  const parts: [string, number, string][] = [
    ['right in both', both, 'fine'],
    ['lost', lost, 'candidate'],
    ['gained', gained, 'baseline'],
    ['wrong in both', Math.max(0, n - both - lost - gained), 'between'],
  ];
  const x = scaleLinear().domain([0, n]).range([left, right]);
  let from = 0;
  const bars = parts.map(([, count, kind]) => {
    const bar = mark('rect', { x: x(from), y: top + 10, width: x(from + count) - x(from), height: row, class: kind });
    from += count;
    return bar;
  });
  const legend = parts.map(([name, count], at) =>
    words(left + at * 165, top + 10 + row + 16, `${name}: ${count}`, 'start', 'small'),
  );
  return { markup: [words(16, top + 26, `${n} items`), ...bars, ...legend].join(''), height: row + 40 };
}

/** What the candidate says in place of what the live version said. */
function movesPanel(moves: QualityRecord['moves'], top: number): Panel {
  const drawn = moves.slice(0, maxMoves);
  if (drawn.length === 0) return { markup: '', height: 0 };
  const x = scaleLinear()
    .domain([0, Math.max(...drawn.map(({ count }) => count))])
    .range([0, right - left - 60]);
  const bars = drawn.map(({ from, to, count }, at) => {
    const y = top + 18 + at * row;
    const name = words(left - 8, y + 13, `${from.slice(0, 10)} → ${to.slice(0, 10)}`, 'end', 'label');
    const bar = mark('rect', { x: left, y, width: Math.max(1, x(count)), height: row - 8, class: 'baseline' });
    return name + bar + words(left + x(count) + 6, y + 12, String(count), 'start', 'small');
  });
  const title = words(16, top + 8, 'other answers: of the live version → of the candidate, items', 'start', 'head');
  return { markup: [title, ...bars].join(''), height: 26 + drawn.length * row };
}

/** A dot an item: its loss with the live version, and with the candidate; above the line it got worse. */
function pairsPanel(pairs: QualityRecord['pairs'], top: number): Panel {
  if (pairs.length === 0) return { markup: '', height: 0 };
  const side = 320;
  const most = Math.max(...pairs.flat(), Number.MIN_VALUE);
  const x = scaleLinear()
    .domain([0, most])
    .nice(5)
    .range([left, left + side]);
  const y = scaleLinear()
    .domain([0, most])
    .nice(5)
    .range([top + 24 + side, top + 24]);
  const end = x.domain()[1] ?? most;
  const dots = pairs.map(([before, now]) =>
    mark('circle', { cx: x(before), cy: y(now), r: 2.5, class: now > before ? 'candidate' : 'baseline' }),
  );
  const axes = x
    .ticks(5)
    .flatMap((t) => [
      words(x(t), top + side + 40, String(t), 'middle', 'small'),
      words(left - 8, y(t) + 4, String(t), 'end', 'small'),
    ]);
  const title = words(16, top + 8, 'loss of an item: live version across, candidate upwards', 'start', 'head');
  const frame = [
    line(x(0), y(0), x(end), y(0), 'grid'),
    line(x(0), y(0), x(0), y(end), 'grid'),
    line(x(0), y(0), x(end), y(end), 'tick'),
  ];
  return { markup: [title, ...frame, ...axes, ...dots].join(''), height: side + 52 };
}

/** An evaluation as an SVG picture; needs no fonts, scripts or network, and is the same bytes for the same record. */
export function renderQualitySvg(record: QualityRecord): string {
  const [first] = record.metrics as [QualityMetricRecord];
  const title = wrap(record.verdict.line, 84);
  const under = `${record.model} ${record.candidate.version}, ${record.environment}, ${record.started_at.slice(0, 16).replace('T', ' ')}`;
  const parts = title.map((text, at) => words(16, 26 + at * 19, text, 'start', 'title'));
  let y = 26 + title.length * 19;
  parts.push(words(16, y, under, 'start', 'small'));
  y += 24;
  const panels = isShare(first.options.metric)
    ? [(top: number) => sidesPanel(first, top), (top: number) => movesPanel(record.moves, top)]
    : [(top: number) => pairsPanel(record.pairs, top)];
  for (const panel of panels) {
    const { markup, height } = panel(y);
    if (markup === '') continue;
    parts.push(mark('g', {}, markup));
    y += height + 10;
  }
  const size = { width, height: y, viewBox: `0 0 ${width} ${Math.round(y)}` };
  const head = { xmlns: 'http://www.w3.org/2000/svg', ...size, role: 'img' };
  const body = `<title>${xml(record.verdict.line)}</title><style>${style}</style>${mark('rect', { width, height: y, fill: '#fff' })}`;
  return `${mark('svg', head, `${body}\n${parts.join('\n')}\n`)}\n`;
}
