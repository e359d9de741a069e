import { describe, expect, it } from 'vitest';
import { parseQuality } from '../../../src/gate/quality/parse.ts';
import { decide, decidePairs, pairs, uniform } from './outcomes.ts';

describe('right or wrong', () => {
  it.each([
    // Lost items that still block 200 with 0 to 3 gained, and one fewer.
    ['0.5%', 6, 0],
    ['0.5%', 8, 1],
    ['0.5%', 10, 2],
    ['0.5%', 12, 3],
    ['1%', 8, 0],
    ['1%', 10, 1],
    ['1%', 12, 2],
    ['1%', 14, 3],
  ])('tolerance %s: %i lost and %i gained of 200 block, one fewer does not', (tolerance, lost, gained) => {
    expect(decidePairs(200, lost, gained, { tolerance })).toMatchObject({ verdict: 'regression', reason: 'worse' });
    expect(decidePairs(200, lost - 1, gained, { tolerance }).verdict).toBe('inconclusive');
  });

  it.each([
    [1, 0],
    [2, 1],
    [2, 2],
    [3, 3],
  ])('%i lost and %i gained of 200 pass, one more does not', (lost, gained) => {
    expect(decidePairs(200, lost, gained)).toMatchObject({ verdict: 'pass', reason: 'clear' });
    expect(decidePairs(200, lost + 1, gained).verdict).not.toBe('pass');
  });

  it.each([
    ['1%', 459],
    ['2%', 228],
    ['4%', 113],
    ['10%', 44],
  ])('limit %s: %i unchanged items pass, one fewer does not', (limit, n) => {
    expect(decidePairs(n, 0, 0, { limit }).verdict).toBe('pass');
    const fewer = decidePairs(n - 1, 0, 0, { limit });
    expect(fewer).toMatchObject({ verdict: 'inconclusive', reason: 'unsure' });
    expect(fewer.wouldDo).toBeGreaterThanOrEqual(n);
  });

  it('blocks by a bound above the tolerance, and passes by one below the limit', () => {
    for (const [lost, gained] of [
      [13, 2],
      [6, 0],
      [5, 0],
      [2, 1],
      [9, 4],
      [30, 28],
    ] as const) {
      const { judgement, verdict } = decidePairs(200, lost, gained);
      expect(judgement!.lower! > 0.005).toBe(verdict === 'regression');
      expect(judgement!.upper! < 0.04).toBe(judgement!.pPass <= 0.01);
    }
  });

  it('is a regression where a loss is provably above the tolerance and below the limit, and shows both bounds', () => {
    const found = decidePairs(100_000, 3000, 400);
    expect(found).toMatchObject({ verdict: 'regression', judgement: { pPass: expect.any(Number) } });
    expect(found.judgement!.pPass).toBeLessThan(0.01);
    expect(found.line).toMatch(/at least 2\.4, tolerated 0\.5, at most 2\.8, limit 4/);
  });

  it('judges two different models with a whole item', () => {
    const found = decidePairs(100, 50, 30);
    expect(found.judgement).toMatchObject({ different: true, levels: { block: 0.025 } });
    expect(found.line).toContain('two different models');
  });

  it('takes an item without an answer as wrong, and counts those that neither answered', () => {
    const { live, candidate } = pairs(200, 0, 0);
    const failed = decide({ kind: 'binary', live, candidate: [...Array(13).fill(null), ...candidate.slice(13)] });
    expect(failed).toMatchObject({
      verdict: 'regression',
      failed: { live: 0, candidate: 13 },
      judgement: { lost: 13 },
    });
    const both = decide({ kind: 'binary', live: [null, ...live.slice(1)], candidate: [null, ...candidate.slice(1)] });
    expect(both).toMatchObject({ verdict: 'pass', n: 200, judgement: { lost: 0, gained: 0 } });
  });

  it('divides the level of a block by the number of metrics that decide, and by looks; passing by looks alone', () => {
    expect(decidePairs(200, 6, 0, { gating: 2 })).toMatchObject({ verdict: 'inconclusive' });
    expect(decidePairs(200, 6, 0, { gating: 2 }).judgement!.levels).toEqual({ block: 0.94 * 0.0125, pass: 0.01 });
    expect(decidePairs(200, 6, 0, { look: 2 }).judgement!.levels).toEqual({ block: 0.94 * 0.0125, pass: 0.005 });
  });

  it('decides nothing below the floor of items, whatever was seen', () => {
    expect(decidePairs(19, 19, 0)).toMatchObject({ verdict: 'inconclusive', reason: 'too-few-samples' });
    expect(decidePairs(20, 20, 0).verdict).toBe('regression');
    expect(decidePairs(100, 60, 0, { 'min-samples': 200 }).reason).toBe('too-few-samples');
  });

  it('leans by the side of the middle of the zone, where that is asked for', () => {
    expect(decidePairs(200, 6, 2, { 'on-inconclusive': 'lean' })).toMatchObject({
      verdict: 'pass',
      reason: 'lean-pass',
    });
    expect(decidePairs(200, 9, 3, { 'on-inconclusive': 'lean' })).toMatchObject({
      verdict: 'regression',
      reason: 'lean-block',
    });
    expect(decidePairs(200, 6, 2, { 'on-inconclusive': 'pass' })).toMatchObject({ verdict: 'pass', reason: 'unsure' });
  });
});

describe('a first release', () => {
  const right = (n: number, wrong: number) => ({ kind: 'binary', candidate: pairs(n, wrong, 0).candidate });

  it('is held to the share that has to be right', () => {
    const options = { 'at-least': '95%' };
    expect(decide(right(400, 12), options)).toMatchObject({ verdict: 'pass', reason: 'clear' });
    expect(decide(right(400, 60), options)).toMatchObject({ verdict: 'regression', reason: 'worse' });
    expect(decide(right(400, 28), options)).toMatchObject({ verdict: 'inconclusive', reason: 'unsure' });
  });

  it('has nothing to compare with where no share is asked for', () => {
    expect(decide(right(400, 60))).toMatchObject({ verdict: 'pass', reason: 'no-baseline', judgement: null });
  });

  it('is held to the mean loss that is allowed', () => {
    const losses = (mean: number) => Array.from({ length: 400 }, (_, at) => mean * (0.5 + (at % 11) / 10));
    const options = { 'at-most': 0.1, cap: 0.5 };
    expect(decide({ kind: 'numeric', candidate: losses(0.1) }, options).verdict).toBe('pass');
    expect(decide({ kind: 'numeric', candidate: losses(0.2) }, options).verdict).toBe('regression');
  });
});

describe('losses', () => {
  const next = uniform(3);
  const base = Array.from({ length: 400 }, next);
  const scaled = (by: number) => base.map((loss) => Math.abs(loss * by + 0.02 * (next() - 0.5)));

  it('pass unchanged, and block when they grow by half', () => {
    const options = { metric: 'mae', cap: 3 };
    expect(decide({ kind: 'numeric', live: base, candidate: base }, options).verdict).toBe('pass');
    expect(decide({ kind: 'numeric', live: base, candidate: scaled(1.5) }, options)).toMatchObject({
      verdict: 'regression',
      judgement: { lower: expect.any(Number) },
    });
  });

  it('of two values are the law of right and wrong', () => {
    const { live, candidate } = pairs(200, 6, 2);
    const asLosses = { kind: 'numeric', live: live.map((v) => 1 - v), candidate: candidate.map((v) => 1 - v) };
    const numeric = decide(asLosses, { metric: 'cer', tolerance: 0.005, limit: 0.04 });
    expect(numeric.judgement!.pPass).toBeCloseTo(decidePairs(200, 6, 2).judgement!.pPass, 9);
  });

  it('above the cap are the cap, and one without an answer is as well', () => {
    const candidate: (number | null)[] = [...base];
    const wild = decide({ kind: 'numeric', live: base, candidate: [1e9, ...candidate.slice(1)] }, { cap: 3 });
    const none = decide({ kind: 'numeric', live: base, candidate: [null, ...candidate.slice(1)] }, { cap: 3 });
    expect(wild.judgement).toEqual(none.judgement);
  });

  it('of rmse are compared as squares', () => {
    const found = decide(
      { kind: 'numeric', live: base, candidate: base.map((l) => l * 2) },
      { metric: 'rmse', cap: 3 },
    );
    expect(found.judgement!.estimate).toBeCloseTo(1, 9);
    expect(found.verdict).toBe('regression');
  });

  it('without a loss to be a share of prove nothing', () => {
    const zero = base.map(() => 0);
    expect(decide({ kind: 'numeric', live: zero, candidate: zero }, { cap: 1 })).toMatchObject({
      verdict: 'inconclusive',
      judgement: { estimate: null, lower: null, upper: null },
    });
  });

  it('by an absolute margin are compared as they are', () => {
    const options = { metric: 'mae', margin: 'absolute', tolerance: 0.01, limit: 0.2, cap: 3 };
    expect(decide({ kind: 'numeric', live: base, candidate: scaled(1) }, options).verdict).toBe('pass');
    expect(decide({ kind: 'numeric', live: base, candidate: base.map((l) => l + 0.3) }, options).verdict).toBe(
      'regression',
    );
  });
});

it.each([
  ['no items at all', [], [], 'no-samples'],
  ['no items of the live version', [1, 1], [], 'no-samples'],
  ['unequal lists', Array(30).fill(1), Array(29).fill(1), 'unequal-samples'],
  ['a live version that answered nothing', Array(30).fill(1), Array(30).fill(null), 'live-failed'],
])('%s cannot be compared', (_what, candidate, live, reason) => {
  expect(decide({ kind: 'binary', live, candidate })).toMatchObject({ verdict: 'error', reason });
});

it.each([
  [
    13,
    2,
    200,
    'BLOCK accuracy: 5.5 points worse than the live version (at least 1.6, tolerated 0.5) - 200 items: 13 lost, 2 gained',
  ],
  [4, 2, 400, 'PASS accuracy: 0.5 points worse (at most 2.5, limit 4) - 400 items: 4 lost, 2 gained'],
  [
    6,
    2,
    200,
    'INCONCLUSIVE accuracy: 2 points worse (-1.1 to 6.4) - 200 items: 6 lost, 2 gained; about 1,200 items would do',
  ],
])('%i lost and %i gained of %i are told in one line', (lost, gained, n, line) => {
  expect(decidePairs(n, lost, gained).line).toBe(line);
});

describe('what is refused', () => {
  const paths = (document: Record<string, unknown>) => parseQuality(document).problems.map(({ path }) => path);
  const { live, candidate } = pairs(30, 1, 1);
  const with_ = (options: object, quality: object = { kind: 'binary', live, candidate }) => paths({ quality, options });

  it.each([
    [{ tolerance: '5%', limit: '4%' }, ['options.limit']],
    [{ tolerance: -1 }, ['options.tolerance']],
    [{ limit: 1 }, ['options.limit']],
    [{ tolerence: 1 }, ['options.tolerence']],
    [{ tolerance: 'much', limit: [] }, ['options.tolerance', 'options.limit']],
    [{ metric: 'mae' }, ['options.metric']],
    [{ metric: 'f1' }, ['options.metric']],
    [{ margin: 'relative' }, ['options.margin']],
    [{ cap: 1 }, ['options.cap']],
    [{ 'at-most': 1 }, ['options.at-most']],
    [{ 'at-least': 95 }, ['options.at-least']],
    [{ gating: 0, look: 1.5, 'min-samples': 10 }, ['options.gating', 'options.look', 'options.min-samples']],
    [{ 'on-inconclusive': 'ask' }, ['options.on-inconclusive']],
  ])('options %j', (options, expected) => expect(with_(options)).toEqual(expected));

  it.each([
    [{}, ['options.cap']],
    [{ cap: 0 }, ['options.cap']],
    [{ cap: 1, 'at-least': 0.9 }, ['options.at-least']],
    [{ cap: 1, metric: 'accuracy' }, ['options.metric']],
    [{ cap: 1, metric: 'rmse', margin: 'absolute' }, ['options.margin']],
  ])('options of losses %j', (options, expected) =>
    expect(with_(options, { kind: 'numeric', live: [0.1], candidate: [0.2] })).toEqual(expected),
  );

  it.each([
    [{ quality: [] }, ['quality']],
    [{ quality: {} }, ['quality.kind']],
    [{ quality: { kind: 'text' } }, ['quality.kind']],
    [{ quality: { kind: 'binary' } }, ['quality.candidate']],
    [{ quality: { kind: 'binary', candidate: 'all' } }, ['quality.candidate']],
    [
      { quality: { kind: 'binary', candidate: [1, 2, true, 0.5], live: [1, 1, '1', 1] } },
      ['quality.candidate[1]', 'quality.candidate[2]', 'quality.candidate[3]', 'quality.live[2]'],
    ],
    [{ quality: { kind: 'numeric', candidate: [-1], live: [1] }, options: { cap: 1 } }, ['quality.candidate[0]']],
    [{ quality: { kind: 'binary', candidate: [1], items: [] } }, ['quality.items']],
    [{ quality: { kind: 'binary', candidate: [1] }, options: 4 }, ['options']],
    [{ quality: { kind: 'binary', candidate: [1] }, sequence: true }, ['sequence']],
  ])('documents %j', (document, expected) => expect(paths(document as Record<string, unknown>)).toEqual(expected));
});
