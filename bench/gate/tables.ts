import { type Cell, drifting, ruleCell, type Scenario, usualCell } from './cells.ts';
import { noises, shapes, spreadOf, startOf } from './distributions.ts';

/** Shares as percent: two digits below 1, one below 10, none for all and nothing. */
export function share(value: number): string {
  const p = value * 100;
  if (p === 0 || p > 99.995) return p.toFixed(0);
  return p < 0.995 || p > 99 ? p.toFixed(2).replace(/0$/, '') : p.toFixed(1);
}

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
export const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [row(head), row(head.map((_, at) => (at === 0 ? '---' : '---:'))), ...rows.map(row)].join('\n');

const three = (cell: Cell) => `${share(cell.blocked)} / ${share(cell.passed)} / ${share(cell.unsure)}`;
const counted = (cell: Cell) => `${three(cell)} (${cell.starts.toFixed(0)})`;

/** Errors at the very edges of the zone, for shapes that have little in common. */
export function boundaryTable(trials: number): string {
  const rows = Object.entries(shapes).map(([name, draw], at) => {
    const edge = (slowdown: number) => ruleCell(draw, { slowdown }, { minEffectMs: 0 }, trials, 100 + at);
    return [name, share(edge(0.05).blocked), share(edge(0.25).passed)];
  });
  return table(['distribution', 'blocked at exactly +5 %', 'passed at exactly +25 %'], rows);
}

/** Verdicts by noise, cap and true change. */
export function spreadTable(trials: number): string {
  const changes = [0, 0.05, 0.1, 0.2, 0.25, 0.3, 0.5];
  const levels = [
    ['calm', 30],
    ['typical', 20],
    ['typical', 30],
    ['noisy', 30],
    ['noisy', 60],
    ['very noisy', 30],
  ] as const;
  const rows = levels.map(([name, cap], at) => {
    const noise = noises[name];
    const cells = changes.map((slowdown) =>
      counted(ruleCell(startOf(noise), { slowdown }, { maxSamples: cap }, trials, 200 + at)),
    );
    return [`${name} (spread ${(spreadOf(noise) * 100).toFixed(0)} %), cap ${cap}`, ...cells];
  });
  return table(['noise, cap', ...changes.map((c) => (c === 0 ? 'none' : `+${c * 100} %`))], rows);
}

/** The usual rule beside ours, both as they are used: theirs against stored numbers, ours interleaved. */
export function usualTable(trials: number): string {
  const drift = drifting(0.07);
  const pair = (cells: Cell[]) => cells.map((c) => share(c.blocked)).concat(share(cells[1]!.passed));
  const rows = (['typical', 'noisy'] as const).flatMap((name, at) => {
    const noise = noises[name];
    const usual = [10, 20, 30].map((n) => {
      const cells = [0, 0.25].map((slowdown) => usualCell(noise, { slowdown, drift }, n, trials, 300 + at));
      return [`p95 > 1.2 x stored p95, ${n} starts, ${name}`, ...pair(cells)];
    });
    const cells = [0, 0.25].map((slowdown) => ruleCell(startOf(noise), { slowdown, drift }, {}, trials, 310 + at));
    return [...usual, [`**this gate**, cap 30, ${name}`, ...pair(cells)]];
  });
  return table(['rule', 'blocked, nothing changed', 'blocked at +25 %', 'passed at +25 %'], rows);
}

/** Platforms that change speed between the runs or within one. */
export function driftTable(trials: number): string {
  const scenarios: [string, Omit<Scenario, 'slowdown'>][] = [
    ['drift sd 5 %', { drift: drifting(0.05) }],
    ['drift sd 7 %', { drift: drifting(0.07) }],
    ['drift sd 10 %', { drift: drifting(0.1) }],
    ['15 % slower now', { drift: () => 1.15 }],
    ['15 % faster now', { drift: () => 0.85 }],
    ['15 % slower by the end of the run', { trend: (pair) => 1 + (0.15 * pair) / 30 }],
  ];
  const draw = startOf(noises.typical);
  const rows = scenarios.map(([name, scenario], at) => {
    const both = (cell: (slowdown: number) => Cell, limit = 0.25) =>
      `${share(cell(0).blocked)} / ${share(cell(limit).passed)}`;
    const seed = 400 + at;
    return [
      name,
      both((slowdown) => ruleCell(draw, { ...scenario, slowdown }, {}, trials, seed)),
      both((slowdown) => ruleCell(draw, { ...scenario, slowdown }, { baseline: 'stored' }, trials, seed), 0.5),
      both((slowdown) => usualCell(noises.typical, { ...scenario, slowdown }, 30, trials, seed)),
    ];
  });
  return table(['platform', 'this gate', '`baseline: stored` (passed at +50 %)', 'p95 rule, 30 starts'], rows);
}

/** Regressions that hit only some starts: what the tail guard sees. */
export function tailTable(trials: number): string {
  const rows = [0.2, 0.3, 0.4, 0.5].map((slow, at) => {
    const base = { ...noises.typical, tail: 0.05 };
    // Of the starts that are not slow anyway, so many become slow that the share is reached.
    const extra = (slow - base.tail) / (1 - base.tail);
    const scenario: Scenario = { slowdown: 0, extra: (random) => (random.uniform() < extra ? 3 : 1) };
    return [`${slow * 100} %`, counted(ruleCell(startOf(base), scenario, {}, trials, 500 + at))];
  });
  return table(['starts that take about 3 x as long (5 % before)', 'blocked / passed / inconclusive (starts)'], rows);
}
