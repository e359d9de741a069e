import { scaleLinear } from 'd3-scale';
import { line, mark, words, xml } from '../../src/gate/pictures/svg-mark.ts';

export interface Curve {
  title: string;
  /** Of each second. */
  values: readonly number[];
  kind: 'before' | 'after';
}

export interface Picture {
  title: string;
  /** What is drawn upwards. */
  unit: string;
  curves: readonly Curve[];
  /** Levels that must not be passed. */
  limits: readonly { title: string; value: number }[];
}

const [width, height, left, right, top, bottom] = [820, 330, 64, 700, 60, 300];

/** As the pictures of the gate: colours that differ in lightness too, so that they work in grey. */
const style = `
text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:13px;fill:#24292f}
.title{font-size:15px;font-weight:600}.small{font-size:12px;fill:#57606a}
.grid{stroke:#d0d7de;stroke-width:1}.limit{stroke:#24292f;stroke-width:1;stroke-dasharray:5 4}
path{fill:none;stroke-width:2}path.before{stroke:#d9480f}path.after{stroke:#1f6f54}
text.before{fill:#b93a08;font-weight:600}text.after{fill:#1f6f54;font-weight:600}
`;

/** Curves over time, with their limits. The same bytes for the same numbers. */
export function drawPicture({ title, unit, curves, limits }: Picture): string {
  const most = Math.max(...curves.flatMap(({ values }) => values), ...limits.map(({ value }) => value));
  const seconds = Math.max(...curves.map(({ values }) => values.length));
  const x = scaleLinear().domain([0, seconds]).range([left, right]);
  const y = scaleLinear().domain([0, most]).nice(5).range([bottom, top]);
  const point = (value: number, at: number): string => `${x(at).toFixed(1)},${y(value).toFixed(1)}`;
  const parts = [
    words(16, 24, title, 'start', 'title'),
    words(16, 42, unit, 'start', 'small'),
    ...y
      .ticks(5)
      .flatMap((tick) => [
        line(left, y(tick), right, y(tick), 'grid'),
        words(left - 8, y(tick) + 4, tick.toLocaleString('en'), 'end', 'small'),
      ]),
    ...x.ticks(8).map((tick) => words(x(tick), bottom + 18, `${tick} s`, 'middle', 'small')),
    ...limits.flatMap(({ title: name, value }) => [
      line(left, y(value), right, y(value), 'limit'),
      words(right + 6, y(value) + 4, `${name} ${value.toLocaleString('en')}`, 'start', 'small'),
    ]),
    // Numbers alone: an attribute of `mark` is cut where texts of strangers are.
    ...curves.map(({ values, kind }) => `<path d="M${values.map(point).join('L')}" class="${kind}"/>`),
    ...curves.map(({ title: name, kind }, at) => words(right - at * 190, 42, name, 'end', kind)),
  ];
  const head = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}`, role: 'img' };
  const body = `<title>${xml(title)}</title><style>${style}</style>${mark('rect', { width, height, fill: '#fff' })}`;
  return `${mark('svg', head, `${body}\n${parts.join('\n')}\n`)}\n`;
}
