import { describe, expect, it } from 'vitest';
import { readExpected, type Scoring } from '../../../src/gate/quality/expected.ts';
import type { QualityMetric } from '../../../src/gate/quality/options.ts';
import { score } from '../../../src/gate/quality/score.ts';
import type { ClassLabel, Dtype } from '../../../src/model/tensor-info.ts';

interface Case {
  metric: QualityMetric;
  expected: unknown;
  shape: number[];
  data: (number | string | boolean)[];
  value: number | null;
  dtype?: Dtype;
  labels?: ClassLabel[];
  k?: number;
  predicted?: string;
}

const cases: [string, Case][] = [
  ['the highest score', { metric: 'accuracy', expected: 1, shape: [1, 3], data: [0, 2, 1], value: 1, predicted: '1' }],
  ['another one', { metric: 'accuracy', expected: 2, shape: [3], data: [0, 2, 1], value: 0, predicted: '1' }],
  ['the first of equal scores', { metric: 'accuracy', expected: 0, shape: [2], data: [1, 1], value: 1 }],
  [
    'a label',
    { metric: 'accuracy', expected: 'b', labels: ['a', 'b'], shape: [1, 2], data: [0, 1], value: 1, predicted: 'b' },
  ],
  [
    'the number of a label',
    { metric: 'accuracy', expected: 1, labels: ['a', 'b'], shape: [2], data: [0, 1], value: 1 },
  ],
  [
    'a label that is a number',
    { metric: 'accuracy', expected: 7, labels: [3, 7], shape: [1, 2], data: [0, 1], value: 1 },
  ],
  ['one score above a half', { metric: 'accuracy', expected: 1, shape: [1, 1], data: [0.7], value: 1, predicted: '1' }],
  ['one score below it', { metric: 'accuracy', expected: 1, shape: [1], data: [0.3], value: 0, predicted: '0' }],
  ['a class itself', { metric: 'accuracy', expected: 'cat', dtype: 'string', shape: [1], data: ['cat'], value: 1 }],
  ['a class as a number', { metric: 'accuracy', expected: 4, dtype: 'int64', shape: [1, 1], data: [4], value: 1 }],
  ['true', { metric: 'accuracy', expected: true, dtype: 'bool', shape: [1], data: [true], value: 1 }],
  ['not-a-number', { metric: 'accuracy', expected: 0, shape: [1, 2], data: ['NaN', 1], value: null }],
  ['an infinity', { metric: 'accuracy', expected: 0, shape: [1, 2], data: ['Infinity', 1], value: 1 }],
  ['two rows', { metric: 'accuracy', expected: 0, shape: [2, 2], data: [1, 0, 1, 0], value: null }],
  ['no scores', { metric: 'accuracy', expected: 0, shape: [1, 0], data: [], value: null }],
  ['two classes', { metric: 'accuracy', expected: 4, dtype: 'int64', shape: [2], data: [4, 4], value: null }],
  ['second of two', { metric: 'top-k', k: 2, expected: 2, shape: [1, 3], data: [0, 2, 1], value: 1 }],
  ['third of two', { metric: 'top-k', k: 2, expected: 0, shape: [1, 3], data: [0, 2, 1], value: 0 }],
  ['a class beyond the scores', { metric: 'top-k', k: 2, expected: 9, shape: [1, 3], data: [0, 2, 1], value: 0 }],
  ['equal lists', { metric: 'exact', expected: [1, 2], dtype: 'int64', shape: [1, 2], data: [1, 2], value: 1 }],
  ['unequal lists', { metric: 'exact', expected: [1, 2], dtype: 'int64', shape: [1, 3], data: [1, 2, 3], value: 0 }],
  ['an equal text', { metric: 'exact', expected: 'yes', dtype: 'string', shape: [1], data: ['yes'], value: 1 }],
  ['a distance', { metric: 'mae', expected: [1, 2], shape: [1, 2], data: [2, 4], value: 1.5 }],
  ['a root of squares', { metric: 'rmse', expected: [[0, 0]], shape: [1, 2], data: [3, 4], value: Math.sqrt(12.5) }],
  ['another length', { metric: 'mae', expected: 1, shape: [1, 2], data: [2, 4], value: null }],
  ['an infinite distance', { metric: 'mae', expected: 1, shape: [1, 1], data: ['-Infinity'], value: null }],
  ['the same direction', { metric: 'cosine', expected: [1, 1], shape: [1, 2], data: [2, 2], value: 0 }],
  ['a right angle', { metric: 'cosine', expected: [1, 0], shape: [2], data: [0, 3], value: 1 }],
  ['no direction', { metric: 'cosine', expected: [1, 0], shape: [2], data: [0, 0], value: null }],
  ['letters', { metric: 'cer', expected: 'abcd', dtype: 'string', shape: [1], data: ['abxd'], value: 0.25 }],
  ['a letter too many', { metric: 'cer', expected: 'ab', dtype: 'string', shape: [1], data: ['acb'], value: 0.5 }],
  ['letters as numbers', { metric: 'cer', expected: [1, 2], dtype: 'int32', shape: [1, 2], data: [1, 3], value: 0.5 }],
  [
    'the best of each step, without repetitions and blanks',
    {
      metric: 'cer',
      expected: [1, 2, 2],
      shape: [1, 6, 3],
      data: [0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1],
      value: 0,
    },
  ],
];

const scoringOf = ({ metric, dtype = 'float32', labels, k = 5 }: Case): Scoring => ({ metric, k, dtype, labels });

describe('the score of an answer', () => {
  it.each(cases)('knows %s', (_name, given) => {
    const scoring = scoringOf(given);
    const found = score(readExpected(given.expected, scoring), given, scoring);
    if (given.value === null) expect(found).toEqual({ value: null, why: expect.stringMatching(/\w/) });
    else expect(found.value).toBeCloseTo(given.value, 12);
    if (given.predicted !== undefined) expect(found).toMatchObject({ predicted: given.predicted });
  });

  it.each<[string, unknown, Partial<Scoring>]>([
    ['a text where the model has no labels', 'cat', {}],
    ['a label that the model does not have', 'dog', { labels: ['cat'] }],
    ['a class below zero', -1, {}],
    ['half a class', 1.5, {}],
    ['a list of classes', [1], {}],
    ['an object', {}, { metric: 'mae' }],
    ['a text among numbers', [1, 'a'], { metric: 'rmse' }],
    ['an empty vector', [], { metric: 'cosine' }],
    ['a number for a text', 5, { metric: 'cer', dtype: 'string' }],
    ['a text for classes', 'ab', { metric: 'cer' }],
    ['an object among values', [{}], { metric: 'exact' }],
  ])('refuses to expect %s, without repeating it', (_name, value, more) => {
    const scoring: Scoring = { metric: 'accuracy', k: 5, dtype: 'float32', labels: undefined, ...more };
    expect(() => readExpected(value, scoring)).toThrow(/^expected .* got (a|an|true|null)/);
    expect(() => readExpected(value, scoring)).not.toThrow(/"dog"|"ab"|-1/);
  });
});
