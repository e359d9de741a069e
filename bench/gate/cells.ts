import { type GateOptions, gateDefaults } from '../../src/gate/rule/options.ts';
import { type Draw, type Noise, startOf } from './distributions.ts';
import { type Random, randomOf } from './random.ts';
import { release, usualRule } from './trial.ts';

/** Shares of releases, 0 to 1, and the mean number of starts an arm. */
export interface Cell {
  blocked: number;
  passed: number;
  unsure: number;
  starts: number;
}

/** What changes between the arms and between the runs. */
export interface Scenario {
  /** True slowdown of the candidate. */
  slowdown: number;
  /** Speed of the platform now against when the baseline was stored, drawn once a release. */
  drift?: (random: Random) => number;
  /** Speed at a pair against that of the first, for both arms. */
  trend?: (pair: number) => number;
  /** Further factor of one candidate start. */
  extra?: (random: Random) => number;
}

function tally(trials: number, one: (trial: number) => { verdict: string; starts: number }): Cell {
  const cell: Cell = { blocked: 0, passed: 0, unsure: 0, starts: 0 };
  for (let trial = 0; trial < trials; trial += 1) {
    const { verdict, starts } = one(trial);
    cell.blocked += verdict === 'regression' ? 1 / trials : 0;
    cell.passed += verdict === 'pass' ? 1 / trials : 0;
    cell.unsure += verdict === 'inconclusive' ? 1 / trials : 0;
    cell.starts += starts / trials;
  }
  return cell;
}

/** The rule on many releases. With `baseline: stored` the drift lies between the arms, else both live in the same minutes. */
export function ruleCell(
  draw: Draw,
  scenario: Scenario,
  options: Partial<GateOptions>,
  trials: number,
  seed: number,
): Cell {
  const all = { ...gateDefaults, ...options };
  const random = randomOf(seed);
  return tally(trials, () => {
    const drift = scenario.drift?.(random) ?? 1;
    const then = all.baseline === 'stored' ? 1 : drift;
    return release(all, (pair) => {
      const trend = scenario.trend?.(pair) ?? 1;
      const candidate = draw(random) * (1 + scenario.slowdown) * drift * trend * (scenario.extra?.(random) ?? 1);
      return [candidate, draw(random) * then * (all.baseline === 'stored' ? 1 : trend)];
    });
  });
}

/** The usual rule on many releases: always n starts, compared with n that were stored in an earlier run. */
export function usualCell(noise: Noise, scenario: Scenario, n: number, trials: number, seed: number): Cell {
  const draw = startOf(noise);
  const random = randomOf(seed);
  return tally(trials, () => {
    const drift = scenario.drift?.(random) ?? 1;
    const now = Array.from(
      { length: n },
      (_, pair) =>
        draw(random) *
        (1 + scenario.slowdown) *
        drift *
        (scenario.trend?.(pair) ?? 1) *
        (scenario.extra?.(random) ?? 1),
    );
    const stored = Array.from({ length: n }, () => draw(random));
    return { verdict: usualRule(now, stored) ? 'regression' : 'pass', starts: n };
  });
}

/** Log-normal drift of the platform between two runs. */
export const drifting = (sd: number) => (random: Random) => Math.exp(sd * random.normal());
