import { describe, expect, it } from 'vitest';
import { levelsOf, totalLevels } from '../../src/gate/rule/decide-metric.ts';
import { looksOf, nextLook, spentAt } from '../../src/gate/rule/gate.ts';
import { judgeSequence } from '../../src/gate/rule/sequence.ts';
import type { Measured, Verdict } from '../../src/gate/rule/verdict.ts';
import { gateOf, loaded, mixed, steady } from './arms.ts';

describe('looks', () => {
  it('lie at 1/3, 1/2, 2/3 and all of the cap', () => {
    expect(looksOf(30)).toEqual([10, 15, 20, 30]);
    expect(looksOf(60)).toEqual([20, 30, 40, 60]);
    expect(looksOf(20)).toEqual([7, 10, 14, 20]);
  });

  it('never lie below 7 starts an arm', () => {
    expect(looksOf(12)).toEqual([8, 12]);
    expect(looksOf(7)).toEqual([7]);
    for (let cap = 7; cap <= 100; cap += 1) {
      const looks = looksOf(cap);
      expect(Math.min(...looks)).toBeGreaterThanOrEqual(7);
      expect(looks.at(-1)).toBe(cap);
      expect(looks).toEqual([...new Set(looks)].sort((a, b) => a - b));
    }
  });

  it('spend 1/9, 5/36, 7/36 and 5/9 of the error at a cap of 30', () => {
    const spent = looksOf(30).map((n) => spentAt(n, 30));
    const shares = spent.map((s, at) => s - (spent[at - 1] ?? 0));
    for (const [at, share] of [1 / 9, 5 / 36, 7 / 36, 5 / 9].entries()) expect(shares[at]).toBeCloseTo(share, 12);
    expect(levelsOf(shares[0]!, 1).block).toBeCloseTo(totalLevels.block / 9, 12);
  });

  it('spend all of the error and no more, whatever the cap', () => {
    for (let cap = 7; cap <= 100; cap += 1) {
      const spent = looksOf(cap).map((n) => spentAt(n, cap));
      const total = spent.reduce((sum, s, at) => sum + s - (spent[at - 1] ?? 0), 0);
      expect(total).toBeCloseTo(1, 12);
    }
    expect(spentAt(45, 30)).toBe(1);
  });

  it('come after what has been spent', () => {
    const looks = looksOf(30);
    expect([0, 1 / 9, 0.2, 0.25, 4 / 9, 1].map((spent) => nextLook(looks, 30, spent))).toEqual([1, 2, 2, 3, 4, 5]);
  });
});

describe('judging step by step', () => {
  const unclear = () => [loaded(mixed(345, 30, 0.5)), loaded(mixed(300, 30, 0.5))] as const;
  const upTo = (arm: { model_loaded_ms?: Measured[] }, n: number) => loaded(arm.model_loaded_ms!.slice(0, n));

  it('goes on while it is unclear and ends at the cap', () => {
    const gate = gateOf();
    const [c, b] = unclear();
    const seen = gate.looks.map((n, at) => gate.judge(upTo(c, n), upTo(b, n), at + 1));
    expect(seen.map((s) => s.final)).toEqual([false, false, false, true]);
    expect(seen.map((s) => s.verdict.verdict)).toEqual(new Array(4).fill('inconclusive'));
    expect(seen.map((s) => s.verdict.spent)).toEqual([1 / 9, 1 / 4, 4 / 9, 1]);
  });

  it('uses the planned spending where none is passed', () => {
    const gate = gateOf();
    const [c, b] = unclear();
    const planned = gate.judge(upTo(c, 20), upTo(b, 20), 3);
    expect(gate.judge(upTo(c, 20), upTo(b, 20), 3, 1 / 4)).toEqual(planned);
  });

  it('has narrower bounds where less has been spent before', () => {
    const gate = gateOf();
    const [c, b] = unclear();
    const bounds = (v: Verdict) => [v.metrics[0]!.lower!, v.metrics[0]!.upper!] as const;
    const [low, high] = bounds(gate.judge(upTo(c, 20), upTo(b, 20), 3, 0.4).verdict);
    const [lower, upper] = bounds(gate.judge(upTo(c, 20), upTo(b, 20), 3, 0).verdict);
    expect(lower).toBeGreaterThan(low);
    expect(upper).toBeLessThan(high);
  });

  it('cannot decide on error that was spent already, and never takes spent error back', () => {
    const gate = gateOf();
    const again = gate.judge(loaded(steady(390, 10)), loaded(steady(298, 10)), 1, 1);
    expect(again).toMatchObject({ final: false, verdict: { verdict: 'inconclusive', spent: 1 } });
    expect(again.verdict.metrics[0]).toMatchObject({ lower: null, upper: null });
  });

  it('counts the smaller arm when the arms are unequal', () => {
    const gate = gateOf();
    expect(gate.judge(loaded(steady(345, 14, 0.3)), loaded(steady(300, 11, 0.3)), 1).verdict.spent).toBeCloseTo(
      (11 / 30) ** 2,
      12,
    );
  });

  it('moves on although starts lacked the metric, so that asking again is a later look', () => {
    const gate = gateOf();
    const few = loaded([...steady(300, 5), null, null, null, null, null]);
    const { verdict } = gate.judge(few, loaded(mixed(300, 10, 0.5)), 1, 0);
    expect([verdict.reason, gate.nextLook(verdict.spent)]).toEqual(['too-few-samples', 2]);
  });

  it('reckons by the candidate where the baseline is stored and does not grow', () => {
    const gate = gateOf({ baseline: 'stored' });
    const stored = loaded(mixed(300, 10, 0.3));
    const first = gate.judge(loaded(mixed(420, 10, 0.3)), stored, 1, 0);
    expect(first).toMatchObject({ final: false, verdict: { spent: 1 / 9 } });
    const second = gate.judge(loaded(mixed(420, 15, 0.3)), stored, 2, first.verdict.spent);
    expect(second.verdict.spent).toBe(1 / 4);
    expect(second.verdict.metrics[0]!.lower).not.toBeNull();
    expect(gate.judge(loaded(mixed(420, 30, 0.3)), stored, 3, 4 / 9).final).toBe(true);
  });

  it('ends at the last look although the cap is not reached', () => {
    const gate = gateOf();
    const [c, b] = unclear();
    const { verdict, final } = gate.judge(upTo(c, 17), upTo(b, 17), gate.looks.length, 1 / 4);
    expect(final).toBe(true);
    expect(verdict.spent).toBeCloseTo((17 / 30) ** 2, 12);
  });
});

describe('a sequence', () => {
  const sequence = (c: Measured[], b: Measured[], options = {}) =>
    judgeSequence(gateOf(options), ['model_loaded_ms'], loaded(c), loaded(b));

  it('stops at the first look that is clear, whatever comes after it', () => {
    const verdict = sequence([...steady(390, 10), ...steady(100, 20)], [...steady(298, 10), ...steady(900, 20)]);
    expect(verdict).toMatchObject({ verdict: 'regression', look: 1, spent: 1 / 9 });
    expect(verdict.metrics[0]!.n).toEqual({ candidate: 10, baseline: 10 });
  });

  it('looks as soon as both arms have the valid starts, not the measured ones', () => {
    const verdict = sequence([null, null, ...steady(390, 28)], [...steady(298, 30)]);
    expect(verdict.metrics[0]!.n).toEqual({ candidate: 10, baseline: 12 });
  });

  it('judges what lies after the last look reached in one more look', () => {
    const verdict = sequence(mixed(345, 17, 0.5), mixed(300, 17, 0.5));
    expect(verdict).toMatchObject({ verdict: 'inconclusive', look: 4 });
    expect(verdict.metrics[0]!.n).toEqual({ candidate: 17, baseline: 17 });
    expect(verdict.spent).toBeCloseTo((17 / 30) ** 2, 12);
  });

  it('settles an unsure verdict at its end', () => {
    const [c, b] = [mixed(345, 10, 0.5), mixed(300, 10, 0.5)];
    expect(sequence(c, b).verdict).toBe('inconclusive');
    expect(['lean-pass', 'lean-block']).toContain(sequence(c, b, { onInconclusive: 'lean' }).reason);
  });

  it('is inconclusive when it ends before the first look', () => {
    expect(sequence(steady(390, 5), steady(298, 5))).toMatchObject({ reason: 'too-few-samples', spent: 0 });
  });
});
