import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { createGate } from '../../src/gate/rule/gate.ts';
import { gateDefaults } from '../../src/gate/rule/options.ts';
import type { ArmValues } from '../../src/gate/rule/verdict.ts';
import { middleOf, zoneOf } from '../../src/gate/rule/zone.ts';
import { gateOf, loaded, mixed, once, steady } from './arms.ts';

const unsure = (ratio: number) => [mixed(300 * ratio, 30, 0.6), mixed(300, 30, 0.6)] as const;

describe('on-inconclusive', () => {
  it('fails by default', () => {
    const [c, b] = unsure(1.1);
    expect(once([...c], [...b]).verdict).toBe('inconclusive');
  });

  it('leans to the side of the middle of the zone that the ratio lies on', () => {
    expect(middleOf(zoneOf(gateDefaults))).toBeCloseTo(1.1456, 4);
    for (const ratio of [1.05, 1.1, 1.2, 1.25]) {
      const [c, b] = unsure(ratio);
      const verdict = once([...c], [...b], { onInconclusive: 'lean' });
      const slower = verdict.metrics[0]!.ratio! > 1.1456;
      expect(verdict).toMatchObject(
        slower ? { verdict: 'regression', reason: 'lean-block' } : { verdict: 'pass', reason: 'lean-pass' },
      );
      expect(verdict.metrics[0]!.verdict).toBe('inconclusive');
    }
  });

  it('passes without proof where that is asked for, and says so', () => {
    const [c, b] = unsure(1.1);
    expect(once([...c], [...b], { onInconclusive: 'pass' })).toMatchObject({ verdict: 'pass', reason: 'unsure' });
  });

  it('settles nothing before the end', () => {
    const [c, b] = unsure(1.1);
    const { verdict, final } = gateOf({ onInconclusive: 'lean' }).judge(
      loaded(c.slice(0, 10)),
      loaded(b.slice(0, 10)),
      1,
    );
    expect([verdict.verdict, final]).toEqual(['inconclusive', false]);
  });

  it('never settles a clear verdict', () => {
    expect(once(steady(390, 10), steady(298, 10), { onInconclusive: 'pass' }).verdict).toBe('regression');
  });
});

describe('several gating metrics', () => {
  const metrics = ['model_loaded_ms', 'import_ms'] as const;
  const judge = (candidate: ArmValues, baseline: ArmValues) =>
    gateOf({ metrics: [...metrics] }).judgeOnce(candidate, baseline);
  const both = (a: number, b: number): ArmValues => ({ model_loaded_ms: steady(a, 10), import_ms: steady(b, 10) });

  it('pass only when all pass', () => {
    expect(judge(both(300, 100), both(300, 100))).toMatchObject({ verdict: 'pass' });
  });

  it('block when one is slower', () => {
    const verdict = judge(both(300, 200), both(300, 100));
    expect(verdict).toMatchObject({ verdict: 'regression', reason: 'shift' });
    expect(verdict.line).toContain('import_ms');
    expect(verdict.metrics.map((m) => m.verdict)).toEqual(['pass', 'regression']);
  });

  it('share the error, so that each has wider bounds than alone', () => {
    const alone = once(steady(300, 10), steady(300, 10)).metrics[0]!;
    const shared = judge(both(300, 100), both(300, 100)).metrics[0]!;
    expect(shared.lower!).toBeLessThan(alone.lower!);
    expect(shared.upper!).toBeGreaterThan(alone.upper!);
  });

  it('are an error when one was not measured, whatever the other says', () => {
    const verdict = judge(loaded(steady(300, 10)), both(300, 100));
    expect(verdict).toMatchObject({ verdict: 'error', reason: 'no-samples' });
  });
});

describe('advisory metrics', () => {
  it('are judged and shown but decide nothing', () => {
    const arm = (load: number, fetch: number): ArmValues => ({
      model_loaded_ms: steady(load, 10),
      fetch_ms: steady(fetch, 10),
    });
    const verdict = gateOf().judgeOnce(arm(300, 200), arm(300, 80));
    expect(verdict.verdict).toBe('pass');
    expect(verdict.metrics[1]).toMatchObject({ metric: 'fetch_ms', gating: false, verdict: 'regression' });
  });

  it('name the phase that moved', () => {
    const arm = (session: number): ArmValues => ({
      model_loaded_ms: steady(90 + session, 10),
      fetch_ms: steady(80, 10),
      session_ms: steady(session, 10),
    });
    const verdict = gateOf().judgeOnce(arm(300), arm(200));
    expect(verdict).toMatchObject({ verdict: 'regression', phases: [{ phase: 'session_ms' }] });
    expect(verdict.phases[0]!.shiftMs).toBeCloseTo(100, 0);
    expect(verdict.advice).toContain('session_ms');
  });
});

describe('a stored baseline', () => {
  it('is judged with a zone that drift alone cannot leave', () => {
    expect(zoneOf({ ...gateDefaults, baseline: 'stored' })).toMatchObject({ limit: 0.5 });
    expect(zoneOf({ ...gateDefaults, baseline: 'stored' }).tolerance).toBeCloseTo(0.177, 3);
    expect(zoneOf({ ...gateDefaults, baseline: 'stored', tolerance: 0.3, limit: 0.6 })).toMatchObject({
      tolerance: 0.3,
      limit: 0.6,
    });
  });

  it('does not block +15 %, passes +30 %, blocks +60 %, and says that drift is not controlled', () => {
    const stored = (ratio: number) => once(steady(300 * ratio, 30), steady(300, 30), { baseline: 'stored' });
    expect([stored(1.15), stored(1.3), stored(1.6)].map((v) => v.verdict)).toEqual([
      'pass',
      'regression',
      'regression',
    ]);
    expect(stored(1.15)).toMatchObject({ baseline: 'stored' });
    expect(stored(1.15).line).toContain('drift not controlled');
  });
});

describe('options', () => {
  const refused = (options: Partial<typeof gateDefaults>): string[] => {
    try {
      createGate({ ...gateDefaults, ...options });
    } catch (error) {
      if (error instanceof InputError) return [error.code, ...error.problems.map((p) => p.path)];
    }
    return [];
  };

  it('outside their bounds are refused, all at once', () => {
    expect(refused({ maxSamples: 6, tolerance: Number.NaN, minEffectMs: -1 })).toEqual([
      'bad-gate-options',
      'tolerance',
      'min-effect-ms',
      'max-samples',
    ]);
    expect(refused({ maxSamples: 101 })).toEqual(['bad-gate-options', 'max-samples']);
    expect(refused({ tolerance: 0.25 })).toEqual(['bad-gate-options', 'limit']);
    expect(refused({ metrics: [] })).toEqual(['bad-gate-options', 'metric']);
    expect(refused({ metrics: ['fetch_ms', 'fetch_ms'] })).toEqual(['bad-gate-options', 'metric']);
  });

  it('that are the defaults are taken', () => {
    expect(refused({})).toEqual([]);
  });
});
