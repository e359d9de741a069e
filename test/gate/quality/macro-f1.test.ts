import { describe, expect, it } from 'vitest';
import { decideQuality } from '../../../src/gate/quality/decide.ts';
import { classAdvice } from '../../../src/gate/quality/macro-f1.ts';
import { qualityDefaults } from '../../../src/gate/quality/options.ts';
import { uniform } from './outcomes.ts';

/** n items of so many classes; each model answers wrong at its rate, with the next class. */
function answers(n: number, classes: number, wrong: { live: number; candidate: number }) {
  const random = uniform(7);
  const expected = Array.from({ length: n }, (_, at) => String(at % classes));
  const said = (rate: number) =>
    expected.map((name) => (random() < rate ? String((Number(name) + 1) % classes) : name));
  return { expected, live: said(wrong.live), candidate: said(wrong.candidate) };
}

const decide = (given: ReturnType<typeof answers>, more: object = {}) =>
  decideQuality({ kind: 'classes', ...given, options: { ...qualityDefaults('macro-f1'), ...more } });

describe('macro-F1', () => {
  it('is what it is by hand', () => {
    // Class a: 2 right of 3 said and 2 expected; class b: 1 right of 1 said and 2 expected.
    const expected = Array.from({ length: 40 }, (_, at) => (at % 4 < 2 ? 'a' : 'b'));
    const candidate = Array.from({ length: 40 }, (_, at) => (at % 4 < 3 ? 'a' : 'b'));
    const { judgement } = decide({ expected, live: expected, candidate });
    expect(judgement?.live).toBe(1);
    expect(judgement?.candidate).toBeCloseTo((4 / 5 + 2 / 3) / 2, 12);
    expect([judgement?.lost, judgement?.gained]).toEqual([10, 0]);
  });

  it('blocks a large loss, passes an unchanged model with enough of each class, and is sure of neither with few', () => {
    expect(decide(answers(400, 2, { live: 0.05, candidate: 0.25 })).verdict).toBe('regression');
    const same = answers(2000, 2, { live: 0.05, candidate: 0 });
    expect(decide({ ...same, candidate: same.live }).verdict).toBe('pass');
    const few = answers(100, 10, { live: 0, candidate: 0 });
    expect(decide(few)).toMatchObject({ verdict: 'inconclusive', wouldDo: null });
    expect(classAdvice(few.expected, { metric: 'macro-f1' })).toContain('10 classes with 10 items');
  });

  it('says the same of the same answers, by bounds that agree with the verdict', () => {
    const given = answers(600, 3, { live: 0.05, candidate: 0.2 });
    const [first, again] = [decide(given), decide(given)];
    expect(first).toEqual(again);
    const { lower, upper, pBlock, pPass, levels } = first.judgement!;
    expect([lower! > 0.005, upper! < 0.04]).toEqual([pBlock <= levels.block, pPass <= levels.pass]);
  });

  it('holds a first release to what is required, and counts an item without an answer as wrong', () => {
    const good = answers(400, 2, { live: 0, candidate: 0.02 });
    expect(decide({ ...good, live: null } as never, { atLeast: 0.95 }).verdict).toBe('pass');
    expect(decide({ ...good, live: null } as never, { atLeast: 0.999, limit: 0.02 }).verdict).not.toBe('pass');
    expect(decide({ ...good, live: null } as never).reason).toBe('no-baseline');
    const silent = { ...good, candidate: good.candidate.map((name, at) => (at % 2 ? null : name)) };
    expect(decide(silent as never)).toMatchObject({ verdict: 'regression', failed: { candidate: 200 } });
  });

  it('keeps its error rates at its margins', { timeout: 120_000 }, () => {
    const random = uniform(11);
    let [blocked, passed] = [0, 0];
    const runs = 60;
    for (let run = 0; run < runs; run += 1) {
      // A tenth of the items of each class is lost by chance: a loss of macro-F1 of 10 points in the mean.
      const expected = Array.from({ length: 200 }, (_, at) => String(at % 2));
      const live = expected;
      const candidate = expected.map((name) => (random() < 0.1 ? String(1 - Number(name)) : name));
      const { verdict } = decide({ expected, live, candidate }, { tolerance: 0.1, limit: 0.100001 });
      blocked += Number(verdict === 'regression');
      passed += Number(verdict === 'pass');
    }
    expect(blocked / runs).toBeLessThanOrEqual(0.06);
    expect(passed / runs).toBeLessThanOrEqual(0.05);
  });
});
