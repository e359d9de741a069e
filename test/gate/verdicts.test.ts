import { describe, expect, it } from 'vitest';
import { gateOf, loaded, once, steady } from './arms.ts';

describe('a verdict on clear samples', () => {
  it('blocks a candidate that is slower as a whole', () => {
    const verdict = once(steady(390, 10), steady(298, 10));
    expect(verdict).toMatchObject({ verdict: 'regression', reason: 'shift', spent: 1 });
    expect(verdict.metrics[0]).toMatchObject({ n: { candidate: 10, baseline: 10 }, gating: true });
    expect(verdict.metrics[0]!.ratio).toBeCloseTo(390 / 298, 1);
  });

  it('passes a candidate that is the same', () => {
    expect(once(steady(300, 10), steady(300, 10))).toMatchObject({ verdict: 'pass', reason: 'clear' });
  });

  it('passes a candidate that is faster', () => {
    expect(once(steady(200, 10), steady(300, 10))).toMatchObject({ verdict: 'pass', reason: 'clear' });
  });

  it('stays inconclusive where the samples allow both', () => {
    const verdict = once(steady(345, 10, 0.3), steady(300, 10, 0.3));
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reason: 'unsure' });
    expect(verdict.metrics[0]!.lower!).toBeLessThan(1.05);
    expect(verdict.metrics[0]!.upper!).toBeGreaterThan(1.25);
  });

  it('blocks a longer tail although most starts are the same', () => {
    const tail = steady(300, 30).map((v, i) => (i % 3 === 0 ? 3 * v : v));
    const verdict = once(tail, steady(300, 30));
    expect(verdict).toMatchObject({ verdict: 'regression', reason: 'tail' });
    expect(verdict.metrics[0]!.slow).toEqual({ candidate: 10, baseline: 0 });
  });

  it('holds a pass back when the tail may have grown', () => {
    const tail = steady(300, 30).map((v, i) => (i < 4 ? 3 * v : v));
    const verdict = once(tail, steady(300, 30));
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reason: 'unsure' });
    expect(verdict.metrics[0]).toMatchObject({ held: true });
    expect(verdict.metrics[0]!.p.pass!).toBeLessThan(0.01);
    expect(verdict.metrics[0]!.p.tail!).toBeLessThan(0.1);
  });

  it('gives the same verdict for the same values in any order', () => {
    const [c, b] = [steady(330, 12, 0.2), steady(300, 12, 0.2)];
    expect(once([...c].reverse(), [...b].reverse())).toEqual(once(c, b));
  });
});

describe('the smallest effect worth blocking', () => {
  it('never blocks 3 to 4 ms or 12 to 16 ms', () => {
    expect(once(steady(4, 30), steady(3, 30)).verdict).toBe('pass');
    expect(once(steady(16, 30), steady(12, 30)).verdict).toBe('pass');
  });

  it('blocks the same ratios where they are many ms', () => {
    expect(once(steady(400, 30), steady(300, 30)).verdict).toBe('regression');
    expect(once(steady(4, 30), steady(3, 30), { minEffectMs: 0 }).verdict).toBe('regression');
  });
});

describe('the absolute bound', () => {
  const fast = steady(300, 30);
  it('blocks when more than 5 % of starts are provably over it', () => {
    const over = fast.map((v, i) => (i < 6 ? 590 : v));
    const verdict = once(over, over, { sloMs: 500 });
    expect(verdict).toMatchObject({ verdict: 'regression', reason: 'slo' });
    expect(verdict.slo).toMatchObject({ ms: 500, over: 6, n: 30 });
  });

  it('passes with a few over it, and says how many there may be', () => {
    const verdict = once(fast, fast, { sloMs: 500 });
    expect(verdict).toMatchObject({ verdict: 'pass', slo: { over: 0, n: 30 } });
    expect(verdict.slo!.upperShare).toBeCloseTo(1 - 0.05 ** (1 / 30), 9);
  });

  it('counts a start on the bound as within it, and a time-out as over', () => {
    const at = gateOf({ sloMs: 300 }).judgeAlone(loaded(new Array(10).fill(300)));
    expect(at).toMatchObject({ verdict: 'pass', slo: { over: 0 } });
    const late = gateOf({ sloMs: 300 }).judgeAlone(loaded([...new Array(6).fill(100), ...new Array(4).fill(Infinity)]));
    expect(late).toMatchObject({ verdict: 'regression', reason: 'slo', slo: { over: 4 } });
  });
});

describe('a first release', () => {
  it('passes with the reason that there is nothing to compare with', () => {
    const verdict = gateOf({ sloMs: 500 }).judgeAlone(loaded(steady(300, 10)));
    expect(verdict).toMatchObject({ verdict: 'pass', reason: 'no-baseline', baseline: 'none' });
    expect(verdict.metrics[0]).toMatchObject({ ratio: null, lower: null, upper: null });
  });

  it('blocks when it provably times out more often than in 5 % of starts, with or without an SLO', () => {
    const values = [...steady(300, 6), Infinity, Infinity, Infinity, Infinity];
    expect(gateOf().judgeAlone(loaded(values))).toMatchObject({ verdict: 'regression', reason: 'slo', slo: null });
  });

  it('is an error when no start finished or none was measured', () => {
    expect(gateOf().judgeAlone(loaded([Infinity, Infinity]))).toMatchObject({ verdict: 'error', reason: 'no-samples' });
    expect(gateOf().judgeAlone(loaded([null, 0]))).toMatchObject({ verdict: 'error', reason: 'no-samples' });
    expect(gateOf().judgeAlone({})).toMatchObject({ verdict: 'error', reason: 'no-samples' });
  });
});

describe('too little to decide', () => {
  it('is inconclusive below 7 valid starts of either arm, however clear they look', () => {
    const verdict = once(steady(900, 6), steady(300, 30));
    expect(verdict).toMatchObject({ verdict: 'inconclusive', reason: 'too-few-samples' });
    expect(once(steady(900, 30), steady(300, 6)).reason).toBe('too-few-samples');
    expect(once(steady(900, 7), steady(300, 7)).verdict).toBe('regression');
  });

  it('stays so where an unsure verdict may pass or lean', () => {
    for (const onInconclusive of ['lean', 'pass'] as const) {
      expect(once(steady(300, 6), steady(300, 6), { onInconclusive }).verdict).toBe('inconclusive');
    }
  });

  it('is an error when an arm has no valid start', () => {
    expect(once([null, -3, Number.NaN], steady(300, 10))).toMatchObject({ verdict: 'error', reason: 'no-samples' });
    expect(once(steady(300, 10), [])).toMatchObject({ verdict: 'error', reason: 'no-samples' });
  });
});
