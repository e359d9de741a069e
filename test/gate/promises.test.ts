import { describe, expect, it } from 'vitest';
import { ruleCell } from '../../bench/gate/cells.ts';
import { noises, shapes, startOf } from '../../bench/gate/distributions.ts';
import { release } from '../../bench/gate/trial.ts';
import { gateDefaults } from '../../src/gate/rule/options.ts';
import { judgeSequence } from '../../src/gate/rule/sequence.ts';
import { gateOf, loaded, seeded } from './arms.ts';

/** Fewer releases than the tables of docs/gate.md, so the bounds leave room for chance: four standard errors. */
const trials = 1500;
const atMost = (share: number) => share + 4 * Math.sqrt((share * (1 - share)) / trials);
const atLeast = (share: number) => share - 4 * Math.sqrt((share * (1 - share)) / trials);

describe('what the gate promises', () => {
  it.each(Object.entries(shapes))('holds at the edges of the zone for starts that are %s', (_name, draw) => {
    const edge = (slowdown: number) => ruleCell(draw, { slowdown }, { minEffectMs: 0 }, trials, 77);
    expect(edge(0.05).blocked).toBeLessThan(atMost(0.035));
    expect(edge(0.25).passed).toBeLessThan(atMost(0.01));
  });

  it('holds for starts that spread by 10 %', () => {
    const cell = (slowdown: number) => ruleCell(startOf(noises.typical), { slowdown }, {}, trials, 78);
    expect(cell(0).blocked).toBeLessThan(atMost(0.001));
    expect(cell(0.25).blocked).toBeGreaterThan(atLeast(0.99));
    expect(cell(0.25).passed).toBeLessThan(atMost(0.005));
    expect(Math.max(cell(0).starts, cell(0.25).starts)).toBeLessThan(15);
  });

  it('holds for starts that spread by 17 %', () => {
    const cell = (slowdown: number) => ruleCell(startOf(noises.noisy), { slowdown }, {}, trials, 79);
    expect(cell(0).blocked).toBeLessThan(atMost(0.005));
    expect(cell(0).unsure).toBeLessThan(atMost(0.06));
    expect(cell(0.25).passed).toBeLessThan(atMost(0.01));
    expect(cell(0.3).blocked).toBeGreaterThan(atLeast(0.96));
    expect(cell(0.5).blocked).toBeGreaterThan(atLeast(0.999));
  });

  it('holds whatever the platform did between the runs, since both arms live in the same minutes', () => {
    const drift = () => 1.4;
    const cell = (slowdown: number) => ruleCell(startOf(noises.typical), { slowdown, drift }, {}, trials, 80);
    expect(cell(0).blocked).toBeLessThan(atMost(0.01));
    expect(cell(0.25).passed).toBeLessThan(atMost(0.01));
  });
});

describe('the simulation', () => {
  it('decides as the gate does, look by look', () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = seeded(seed);
      const draw = startOf(noises[seed % 2 === 0 ? 'noisy' : 'very noisy']);
      const slowdown = [0, 0.15, 0.3][seed % 3]!;
      const candidate = Array.from({ length: 30 }, () => draw(random) * (1 + slowdown));
      const baseline = Array.from({ length: 30 }, () => draw(random));
      const quick = release(gateDefaults, (pair) => [candidate[pair]!, baseline[pair]!]);
      const verdict = judgeSequence(gateOf(), ['model_loaded_ms'], loaded(candidate), loaded(baseline));
      expect([seed, quick.verdict, quick.starts]).toEqual([seed, verdict.verdict, verdict.metrics[0]!.n.candidate]);
      seen.add(`${verdict.verdict} at ${verdict.look}`);
    }
    expect(seen.size).toBeGreaterThan(6);
  });
});
