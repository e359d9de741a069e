import { describe, expect, it } from 'vitest';
import { resolveQuality } from '../../../src/config/resolve-quality.ts';
import { qualitySchema } from '../../../src/config/schema/quality.ts';
import type { Outcome } from '../../../src/steps/quality/arm.ts';
import { changedItems, jointVerdict, judgeForm, judgeMetrics, pairsOf } from '../../../src/steps/quality/judge.ts';
import type { Survey } from '../../../src/steps/quality/survey.ts';

const metricsOf = (settings: object) =>
  resolveQuality(qualitySchema.parse({ data: 'eval.jsonl', ...settings }), '/').metrics;

const surveyOf = (n: number, more: Partial<Survey> = {}): Survey => ({
  kept: Array.from({ length: n }, () => true),
  ids: Array.from({ length: n }, (_, at) => `i${at}`),
  groups: Array.from({ length: n }, () => undefined),
  classes: [],
  dullest: [],
  repeated: 0,
  contradictory: 0,
  digest: () => '',
  ...more,
});

/** Outcomes of one metric; `null` is no answer. */
const outcomes = (...values: (number | null)[]): Outcome[] =>
  values.map((value) => [value === null ? { value, why: 'no answer' } : { value }]);
const many = (n: number, wrong: number) => outcomes(...Array.from({ length: n }, (_, at) => Number(at >= wrong)));

describe('a load-optimised form', () => {
  const [first] = metricsOf({});

  it('is held to the model as published, at half of the limit of a release', () => {
    const form = (wrong: number, n = 400) =>
      judgeForm(
        first!,
        { live: undefined, candidate: many(n, wrong) },
        { form: 'cold', published: many(n, 0) },
        surveyOf(n),
      );
    expect(form(0)).toMatchObject({ verdict: 'pass', decides: true, metric: 'accuracy of the cold form' });
    expect(form(0).options.limit).toBe(0.02);
    expect(form(0, 227).verdict).toBe('inconclusive');
    const lost = form(30);
    expect(lost.verdict).toBe('regression');
    expect(lost.line).toMatch(/^BLOCK accuracy of the cold form: 7.5 points worse than the model as published/);
  });

  it('blocks a release whose answers are no worse than those of the live version', () => {
    const candidate = many(400, 40);
    const answered = { live: many(400, 40), candidate };
    const own = judgeMetrics([first!], answered, surveyOf(400), 1);
    const form = judgeForm(first!, answered, { form: 'cold', published: many(400, 0) }, surveyOf(400));
    expect(own[0]?.verdict).toBe('pass');
    expect(jointVerdict([...own, form])).toMatchObject({ verdict: 'regression', line: form.line });
  });
});

describe('items that belong together', () => {
  it('count as one, of their mean', () => {
    const [first] = metricsOf({ limit: '20%' });
    const groups = Array.from({ length: 200 }, (_, at) => `page ${Math.floor(at / 5)}`);
    const survey = surveyOf(200, { groups });
    // Each page loses one line of five in the candidate.
    const candidate = outcomes(...groups.map((_, at) => Number(at % 5 !== 0)));
    const [found] = judgeMetrics([first!], { live: many(200, 0), candidate }, survey, 1);
    expect(found).toMatchObject({ n: 40, lost: 40, gained: 0, live: 1, verdict: 'regression' });
    expect(found?.candidate).toBeCloseTo(0.8, 12);
    expect(found?.estimate).toBeCloseTo(0.2, 12);
  });
});

describe('losses', () => {
  const metrics = metricsOf({ metric: 'mae', 'on-inconclusive': 'fail' });
  const survey = surveyOf(4, { dullest: [10] });

  it('take their cap from the examples, and an item without an answer for the worst', () => {
    const answered = { live: outcomes(1, 1, 1, 1), candidate: outcomes(1, 2, 0.5, null) };
    const [found] = judgeMetrics(metrics, answered, survey, 1);
    expect(found).toMatchObject({ failed: { candidate: 1, live: 0 }, options: { cap: 10 } });
    expect(found?.candidate).toBeCloseTo(13.5 / 4, 12);
    expect(changedItems(answered, survey, found!.options)).toMatchObject({ lost: ['i1', 'i3'], gained: ['i2'] });
    expect(pairsOf(answered, found!.options)).toEqual([
      [1, 1],
      [1, 2],
      [1, 0.5],
    ]);
  });
});
