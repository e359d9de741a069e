import { describe, expect, it } from 'vitest';
import { once } from './arms.ts';
import { reference } from './reference.ts';

describe('one look, against an independent computation', () => {
  const judged = reference.cases.map((one) => ({
    one,
    verdict: once(one.candidate, one.baseline, { minEffectMs: one.minEffectMs, sloMs: one.sloMs }),
  }));

  it('reaches the same verdict for the same reason', () => {
    const got = judged.map(({ verdict }) => [verdict.verdict, verdict.reason]);
    expect(got).toEqual(reference.cases.map((c) => [c.verdict, c.reason]));
    expect(new Set(got.map(([, reason]) => reason))).toEqual(new Set(['shift', 'tail', 'slo', 'clear', 'unsure']));
  });

  it('computes the same p-values', () => {
    for (const { one, verdict } of judged) {
      const { p } = verdict.metrics[0]!;
      expect(p.block).toBeCloseTo(one.block, 9);
      expect(p.pass).toBeCloseTo(one.pass, 9);
      expect(p.tail).toBeCloseTo(one.tail, 9);
      expect(p.slo).toBeCloseTo(one.slo, 9);
    }
  });

  it('counts the same slow starts and starts over the SLO', () => {
    const got = judged.map(({ verdict }) => {
      const { slow } = verdict.metrics[0]!;
      return [slow.candidate, slow.baseline, verdict.slo?.over];
    });
    expect(got).toEqual(reference.cases.map((c) => [...c.slow, c.over]));
  });

  it('finds the same ratio and the same bounds', () => {
    for (const { one, verdict } of judged) {
      const { ratio, lower, upper } = verdict.metrics[0]!;
      expect(ratio).toBeCloseTo(one.ratio, 9);
      expect(lower).toBeCloseTo(one.lower, 9);
      expect(upper).toBeCloseTo(one.upper, 9);
    }
  });

  it('says the same by its bounds as by its tests where no floor in ms applies', () => {
    const free = judged.filter(({ one }) => one.minEffectMs === 0);
    expect(free.length).toBeGreaterThan(20);
    for (const { one, verdict } of free) {
      const { lower, upper } = verdict.metrics[0]!;
      expect(lower! > 1.05).toBe(one.block <= 0.025);
      expect(upper! < 1.25).toBe(one.pass <= 0.01);
    }
  });
});
