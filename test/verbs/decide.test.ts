import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import { decideDocument, run } from '../../src/verbs/decide.ts';
import { mixed, steady } from '../gate/arms.ts';
import { contextIn } from '../gate/context.ts';

const decide = (document: unknown) => decideDocument(JSON.stringify(document)).verdict;

/** Both metrics gate, and one of them was measured for the candidate alone. */
const bothMetrics = {
  candidate: { model_loaded_ms: steady(300, 10), import_ms: steady(90, 10) },
  baseline: { model_loaded_ms: steady(300, 10) },
  options: { metric: ['model_loaded_ms', 'import_ms'] },
};

function refused(text: string): string[] {
  try {
    decideDocument(text);
  } catch (error) {
    if (error instanceof InputError) return [error.code, ...error.problems.map((p) => p.path)];
    throw error;
  }
  return [];
}

describe('a document of samples', () => {
  it('is judged in one look with the whole error', () => {
    const verdict = decide({ candidate: steady(390, 8), baseline: steady(298, 8) });
    expect(verdict).toMatchObject({ verdict: 'regression', reason: 'shift', look: 1, looks: [8], spent: 1 });
  });

  it('is looked at in order where it is a sequence', () => {
    const verdict = decide({ sequence: true, candidate: steady(390, 30), baseline: steady(298, 30) });
    expect(verdict).toMatchObject({ verdict: 'regression', look: 1, looks: [10, 15, 20, 30] });
  });

  it('leaves failed measurements out and takes time-outs as slower than all', () => {
    const verdict = decide({
      candidate: [null, 0, -1, ...steady(300, 6), 'timeout', 'timeout'],
      baseline: steady(300, 10),
    });
    expect(verdict.metrics[0]).toMatchObject({
      n: { candidate: 8, baseline: 10 },
      timeouts: { candidate: 2, baseline: 0 },
    });
  });

  it('may hold several metrics', () => {
    const arm = (load: number, imported: number) => ({
      model_loaded_ms: steady(load, 8),
      import_ms: steady(imported, 8),
    });
    const verdict = decide({
      candidate: arm(300, 200),
      baseline: arm(300, 100),
      options: { metric: ['model_loaded_ms', 'import_ms'] },
    });
    expect(verdict.metrics.map((m) => [m.metric, m.verdict])).toEqual([
      ['model_loaded_ms', 'pass'],
      ['import_ms', 'regression'],
    ]);
  });

  it('judges the metric that the options name', () => {
    const samples = { candidate: steady(300, 8), baseline: steady(300, 8), options: { metric: 'import_ms' } };
    expect(decide(samples).metrics[0]!.metric).toBe('import_ms');
  });

  it('discards first starts, and makes slow ones time-outs, only where that is said', () => {
    const samples = { candidate: [900, 900, ...steady(300, 8)], baseline: steady(300, 10) };
    expect(decide(samples).metrics[0]!.n).toEqual({ candidate: 10, baseline: 10 });
    expect(decide({ ...samples, options: { discard: 2 } }).metrics[0]!.n).toEqual({ candidate: 8, baseline: 8 });
    const late = decide({ ...samples, options: { 'timeout-seconds': 0.8 } });
    expect(late.metrics[0]!.timeouts).toEqual({ candidate: 2, baseline: 0 });
  });

  it('without a baseline is checked against the SLO alone', () => {
    for (const baseline of [undefined, null]) {
      const given = { candidate: steady(300, 10), baseline, options: { 'slo-ms': 500 } };
      expect(decide(given)).toMatchObject({ verdict: 'pass', reason: 'no-baseline', slo: { over: 0 } });
      const slow = { ...given, candidate: steady(600, 10) };
      expect(decide(slow)).toMatchObject({ verdict: 'regression', reason: 'slo', slo: { over: 10 } });
    }
  });

  it.each([
    ['a baseline without values', { baseline: [] }],
    ['a baseline without metrics', { baseline: {} }],
    ['a baseline with an empty metric', { baseline: { model_loaded_ms: [] } }],
    ['a baseline that lacks the gating metric', { baseline: { import_ms: steady(90, 10) } }],
    ['a baseline that is all discarded', { baseline: steady(300, 2), options: { discard: 2 } }],
    ['a baseline of failures', { baseline: [null, null, 0] }],
    ['a candidate without values', { candidate: [], baseline: steady(300, 10) }],
    ['a candidate that is null', { candidate: null, baseline: steady(300, 10) }],
    ['a candidate of failures', { candidate: [null, null], baseline: steady(300, 10) }],
    ['a first release without values', { candidate: [] }],
    ['a first release of failures', { candidate: new Array(10).fill(null) }],
    ['a first release of time-outs', { candidate: new Array(10).fill('timeout') }],
    ['one of several gating metrics without values', bothMetrics],
  ])('with %s is an error, looked at in order or at once, and never a first release', (_name, given) => {
    for (const sequence of [false, true]) {
      const verdict = decide({ candidate: steady(300, 10), sequence, ...given });
      expect(verdict).toMatchObject({ verdict: 'error', reason: 'no-samples' });
      expect(verdict.advice).not.toBe('');
      expect(verdict.advice).not.toMatch(/recorded|deploy|log of the function/);
    }
  });

  it('is an error where most starts of an arm failed, whatever the others say', () => {
    const failing = [...steady(300, 10), ...new Array(11).fill(null)];
    for (const given of [
      { candidate: failing, baseline: steady(300, 10) },
      { candidate: steady(300, 10), baseline: failing },
      { candidate: failing },
    ]) {
      const verdict = decide(given);
      expect(verdict).toMatchObject({ verdict: 'error' });
      expect(verdict.line).toContain('11 of 21 cold starts');
    }
    expect(decide({ candidate: failing.slice(0, 20), baseline: steady(300, 10) }).verdict).toBe('pass');
  });

  it('says nothing of recording, and proposes starts instead of settings', () => {
    expect(decide({ candidate: steady(300, 10) })).toMatchObject({ verdict: 'pass', advice: '' });
    const unsure = decide({ candidate: mixed(345, 10, 0.5), baseline: mixed(300, 10, 0.5) });
    expect(unsure.verdict).toBe('inconclusive');
    expect(unsure.line + unsure.advice).not.toContain('max-samples');
    expect(unsure.advice).toMatch(/^Give \d+ starts of each/);
  });
});

describe('the unit of the values', () => {
  const seconds = { candidate: mixed(4, 10, 0.04), baseline: mixed(1, 10, 0.04) };
  const both = ['bad-samples', 'candidate.model_loaded_ms', 'baseline.model_loaded_ms'];

  it('must be said where they can hardly be ms', () => {
    expect(refused(JSON.stringify(seconds))).toEqual(both);
    expect(refused(JSON.stringify({ candidate: steady(300, 10), baseline: steady(0.3, 10) }))).toEqual([
      'bad-samples',
      'baseline.model_loaded_ms',
    ]);
    expect(refused(JSON.stringify({ candidate: steady(0.3, 10), options: { 'slo-ms': 100 } }))).toHaveLength(2);
    expect(refused(JSON.stringify({ candidate: steady(3e5, 10), baseline: steady(3e5, 10) }))).toEqual(both);
    expect(refused(JSON.stringify({ candidate: steady(3e8, 10), baseline: steady(3e8, 10) }))).toEqual(both);
  });

  it('is what the hint says: applied, the document is judged', () => {
    expect(decide({ ...seconds, unit: 's' })).toMatchObject({ verdict: 'regression' });
    expect(decide({ ...seconds, unit: 's' }).metrics[0]!.median.candidate).toBeCloseTo(4000, -2);
    expect(decide({ ...seconds, unit: 'ms' })).toMatchObject({ verdict: 'pass' });
    const micro = { candidate: steady(3e5, 10), baseline: steady(3e5, 10), unit: 'us' };
    expect(decide(micro).metrics[0]!.median.baseline).toBeCloseTo(300, 0);
    expect(decide({ candidate: steady(3e8, 10), unit: 'ns' }).metrics[0]!.median.candidate).toBeCloseTo(300, 0);
  });

  it('holds for the time-out too', () => {
    const late = { ...seconds, unit: 's', options: { 'timeout-seconds': 3 } };
    expect(decide(late).metrics[0]!.timeouts).toEqual({ candidate: 10, baseline: 0 });
  });

  it('is one of four, beside the samples', () => {
    const fine = { candidate: steady(300, 10), baseline: steady(300, 10) };
    expect(refused(JSON.stringify({ ...fine, unit: 'min' }))).toEqual(['bad-samples', 'unit']);
    expect(refused(JSON.stringify({ ...fine, unit: null }))).toEqual(['bad-samples', 'unit']);
    expect(refused(JSON.stringify({ ...fine, options: { unit: 's' } }))).toEqual(['bad-samples', 'options.unit']);
  });

  it('is asked of the metrics that decide alone', () => {
    const arm = () => ({ model_loaded_ms: steady(300, 8), verify_ms: steady(0.4, 8) });
    expect(decide({ candidate: arm(), baseline: arm() }).verdict).toBe('pass');
  });
});

describe('a document that is wrong', () => {
  it('is refused with every problem and its path', () => {
    const text = JSON.stringify({
      candidate: [300, 'slow', true],
      baseline: 'none',
      options: { tolerence: 1 },
      sequence: 'yes',
      samples: [],
    });
    expect(refused(text)).toEqual([
      'bad-samples',
      'options.tolerence',
      'samples',
      'sequence',
      'candidate[1]',
      'candidate[2]',
      'baseline',
    ]);
  });

  it('is refused when it is no JSON, no object or has no candidate', () => {
    expect(refused('')).toEqual(['bad-samples', 'samples']);
    expect(refused('[1,2]')).toEqual(['bad-samples', '']);
    expect(refused('{}')).toEqual(['bad-samples', 'candidate']);
  });

  it('is refused when lists by metric are unknown or of different lengths', () => {
    const text = JSON.stringify({ candidate: { fetch_ms: [300, 200], session_ms: [100] }, baseline: { fetch: [100] } });
    expect(refused(text)).toEqual(['bad-samples', 'candidate', 'baseline.fetch']);
  });

  it('is refused when one list should stand for several metrics', () => {
    const text = JSON.stringify({ candidate: [300], baseline: [300], options: { metric: ['fetch_ms', 'session_ms'] } });
    expect(refused(text)).toEqual(['bad-samples', 'candidate', 'baseline']);
  });

  it('is refused with more starts than can be judged at once, and taken as a sequence', () => {
    const many = { candidate: mixed(300, 101, 0.1), baseline: mixed(300, 101, 0.1) };
    expect(refused(JSON.stringify(many))).toEqual(['bad-samples', 'candidate', 'baseline']);
    expect(decide({ ...many, sequence: true }).verdict).toBe('pass');
    const endless = { candidate: new Array(10_001).fill(300), baseline: [], sequence: true };
    expect(refused(JSON.stringify(endless))).toEqual(['bad-samples', 'candidate']);
  });

  it('lists twenty problems and counts the rest', () => {
    expect(refused(JSON.stringify({ candidate: new Array(500).fill('x') }))).toHaveLength(22);
  });
});

describe('coldgate decide', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'coldgate-decide-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const given = (document: unknown) => run({ samples: '-', stdin: JSON.stringify(document) }, contextIn(folder));

  it('passes with outputs, lines and no failure', async () => {
    await writeFile(join(folder, 's.json'), JSON.stringify({ candidate: steady(300, 10), baseline: steady(300, 12) }));
    const result = await run({ samples: 's.json' }, contextIn(folder));
    expect(result.failure).toBeUndefined();
    expect(result.outputs).toMatchObject({ verdict: 'pass', reason: 'clear', n: '10' });
    expect(Number(result.outputs['ratio'])).toBeCloseTo(1, 1);
    expect(Number(result.outputs['lower'])).toBeLessThan(Number(result.outputs['upper']));
    expect(result.document).toMatchObject({ verdict: 'pass', n: 10, starts: { candidate: 10, baseline: 12 } });
    expect(result.lines[0]).toBe(result.document['line']);
  });

  it.each([
    ['a regression', 4, 'regression', { candidate: steady(390, 10), baseline: steady(298, 10) }],
    ['no verdict', 5, 'inconclusive', { candidate: mixed(345, 10, 0.5), baseline: mixed(300, 10, 0.5) }],
    ['too few samples', 5, 'inconclusive', { candidate: [300], baseline: [300] }],
    ['failed measurements', 7, 'no-samples', { candidate: [null], baseline: [300] }],
  ])('ends on %s with exit %i', async (_name, exit, code, document) => {
    const { failure, lines, document: input } = await given(document);
    expect(failure).toMatchObject({ exit, code, message: input['line'] });
    expect(lines).not.toContain(input['line']);
  });

  it('refuses a file that is not there', async () => {
    const missing = run({ samples: 'none.json' }, contextIn(folder));
    await expect(missing).rejects.toMatchObject({ code: 'unreadable-file', exit: 2 });
  });
});

describe('a document of quality', () => {
  const outcomes = (lost: number, n = 400) => ({
    quality: {
      kind: 'binary',
      live: Array(n).fill(1),
      candidate: Array.from({ length: n }, (_, at) => Number(at >= lost)),
    },
  });
  const runOn = (document: unknown) => run({ samples: '-', stdin: JSON.stringify(document) }, contextIn(process.cwd()));

  it.each([
    ['pass', 0, outcomes(1)],
    ['regression', 4, outcomes(40)],
    ['inconclusive', 5, outcomes(5, 200)],
    ['error', 7, { quality: { kind: 'binary', live: [], candidate: [1] } }],
  ])('is judged: %s', async (verdict, exit, document) => {
    const result = await runOn(document);
    expect(result.outputs).toMatchObject({ verdict, ratio: '' });
    expect(result.document).toMatchObject({ verdict, line: expect.stringContaining('accuracy') });
    expect(result.failure?.exit ?? 0).toBe(exit);
  });

  it('shows counts, bounds and levels', async () => {
    const { document, summary } = await runOn(outcomes(40));
    expect(document).toMatchObject({ b: 40, c: 0, n: 400, estimate: 0.1, margin: { kind: 'absolute', limit: 0.04 } });
    expect(summary).toContain('40 : 0');
  });

  it('is refused with all its problems', async () => {
    const wrong = { quality: { kind: 'binary', live: [2], candidate: [1] }, options: { limit: 3 } };
    await expect(runOn(wrong)).rejects.toMatchObject({
      code: 'bad-samples',
      problems: [{ path: 'options.limit' }, { path: 'quality.live[0]' }],
    });
  });
});
