import { describe, expect, it } from 'vitest';
import { gateDefaults } from '../../src/gate/rule/options.ts';
import { parseGateOptions } from '../../src/gate/rule/parse-options.ts';

describe('options in the words of gate:', () => {
  it('are the defaults where nothing is namesGiven', () => {
    for (const given of [undefined, {}]) {
      expect(parseGateOptions(given)).toEqual({ options: gateDefaults, namesGiven: new Set(), problems: [] });
    }
  });

  it('are read, shares as fractions or percent', () => {
    const { options, problems, namesGiven } = parseGateOptions({
      metric: ['fetch_ms', 'session_ms'],
      tolerance: '3%',
      limit: 0.15,
      'min-effect-ms': 0,
      'max-samples': 60,
      'slo-ms': 1200,
      'on-inconclusive': 'lean',
      baseline: 'stored',
      discard: 0,
      'max-seconds': 60,
      'timeout-seconds': 5,
    });
    expect(problems).toEqual([]);
    expect(options).toEqual({
      metrics: ['fetch_ms', 'session_ms'],
      tolerance: 0.03,
      limit: 0.15,
      minEffectMs: 0,
      maxSamples: 60,
      sloMs: 1200,
      onInconclusive: 'lean',
      baseline: 'stored',
      discard: 0,
      maxSeconds: 60,
      timeoutSeconds: 5,
    });
    expect(namesGiven.size).toBe(11);
    expect(parseGateOptions({ metric: 'fetch_ms' }).options.metrics).toEqual(['fetch_ms']);
    expect(parseGateOptions({ tolerance: ' 2.5 % ' }).options.tolerance).toBeCloseTo(0.025, 12);
  });

  it('that are unknown are refused with the nearest word', () => {
    const { problems } = parseGateOptions({ tolerence: 0.05, minEffectMs: 3, constructor: 1 });
    expect(problems.map((p) => p.path)).toEqual(['options.tolerence', 'options.minEffectMs', 'options.constructor']);
    expect(problems[0]!.hint).toContain('tolerance');
  });

  it('are refused all at once with their paths', () => {
    const { problems } = parseGateOptions({
      metric: 'speed',
      tolerance: 'some',
      limit: '400000%',
      'max-samples': 6.5,
      'on-inconclusive': 'maybe',
      baseline: true,
      discard: -1,
    });
    expect(new Set(problems.map((p) => p.path))).toEqual(
      new Set([
        'options.metric',
        'options.tolerance',
        'options.limit',
        'options.max-samples',
        'options.on-inconclusive',
        'options.baseline',
        'options.discard',
      ]),
    );
  });

  it('of one thing in two words, or of no object, are refused', () => {
    expect(parseGateOptions({ metric: 'fetch_ms', metrics: ['fetch_ms'] }).problems.map((p) => p.path)).toEqual([
      'options',
    ]);
    for (const given of [null, 3, [], 'tight']) {
      expect(parseGateOptions(given).problems.map((p) => p.path)).toEqual(['options']);
    }
  });
});
