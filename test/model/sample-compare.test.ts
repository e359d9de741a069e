import { describe, expect, it } from 'vitest';
import type { Sample } from '../../src/model/sample.ts';
import { compareSample, formatDifference } from '../../src/model/sample-compare.ts';

const sample = (y: unknown, tolerance?: Sample['tolerance']): Sample => ({
  inputs: { x: [[1]] },
  outputs: { y: y as never },
  ...(tolerance && { tolerance }),
});

describe('compareSample', () => {
  it('accepts anything when the sample promises no outputs', () => {
    expect(compareSample({ inputs: {} }, { y: [1] })).toBeUndefined();
  });

  it.each([
    ['within the default tolerance', [[1000, -2]], [[1000.9, -2.001]]],
    ['nested against flat', [[1, 2]], { shape: [1, 2], dtype: 'float32', data: [1, 2] }],
    ['flat against nested', { shape: [2, 1], data: [1, 2] }, [[1], [2]]],
    ['NaN and the infinities by name', ['NaN', 'Infinity', '-Infinity'], ['NaN', 'Infinity', '-Infinity']],
    ['scalars', 3, 3],
    ['text', ['cat'], ['cat']],
    ['booleans', [true, false], [true, false]],
    ['digits beyond 2^53', { dtype: 'int64', shape: [1], data: ['9007199254740993'] }, ['9007199254740993']],
    ['small int64 as number and as digits', { dtype: 'int64', shape: [1], data: ['5'] }, [5]],
    ['no elements', [], { shape: [0, 3], data: [] }],
  ])('agrees: %s', (_name, want, got) => {
    expect(compareSample(sample(want), { y: got })).toBeUndefined();
  });

  it.each([
    ['a value out of tolerance', [[1, 2]], [[1, 2.1]], 'data[1]'],
    ['another shape', [[1, 2]], [[1], [2]], 'shape'],
    ['a missing element', [1, 2], [1], 'shape'],
    ['NaN for a number', [1], ['NaN'], 'data[0]'],
    ['infinity of the other sign', ['Infinity'], ['-Infinity'], 'data[0]'],
    ['a number for NaN', ['NaN'], [0], 'data[0]'],
    ['null', [1], [null], 'data[0]'],
    ['other text', ['cat'], ['dog'], 'data[0]'],
    ['uneven lists', [[1, 2]], [[1, 2], [1]], ''],
    ['a string where a tensor should be', [[1]], 'x', 'shape'],
    ['integers one apart', { dtype: 'int64', shape: [1], data: [5000] }, [5001], 'data[0]'],
    [
      'digits that only differ beyond 2^53',
      { dtype: 'int64', shape: [1], data: ['9007199254740993'] },
      ['9007199254740992'],
      'data[0]',
    ],
  ])('differs: %s', (_name, want, got, field) => {
    expect(compareSample(sample(want), { y: got })).toMatchObject({ output: 'y', field });
  });

  it('takes the dtype from the model where the lists do not say it', () => {
    expect(compareSample(sample([5000]), { y: [5001] })).toBeUndefined();
    expect(compareSample(sample([5000]), { y: [5001] }, { y: 'int64' })).toMatchObject({ field: 'data[0]' });
  });

  it('uses the tolerance of the sample, each part alone', () => {
    expect(compareSample(sample([100], { relative: 0.1 }), { y: [109] })).toBeUndefined();
    expect(compareSample(sample([0], { relative: 0, absolute: 0.5 }), { y: [0.4] })).toBeUndefined();
    expect(compareSample(sample([0], { absolute: 0 }), { y: [1e-9] })).toMatchObject({ field: 'data[0]' });
  });

  it('takes two spellings of one float32 for equal where no tolerance is left, and no more than that', () => {
    const none = { relative: 0, absolute: 0 };
    const spelled = sample([0.10000000149011612], none);
    expect(compareSample(spelled, { y: [0.1] })).toBeUndefined();
    expect(compareSample(spelled, { y: [0.1] }, { y: 'float32' })).toBeUndefined();
    expect(compareSample(spelled, { y: [0.1] }, { y: 'float64' })).toMatchObject({ field: 'data[0]' });
    expect(compareSample(spelled, { y: [0.1000001] })).toMatchObject({ field: 'data[0]' });
    expect(compareSample(sample([16777217], none), { y: [16777216] })).toMatchObject({ field: 'data[0]' });
    expect(compareSample(sample([1e300], none), { y: [1.5e300] })).toMatchObject({ field: 'data[0]' });
  });

  it('does not take an inherited property for an output', () => {
    const odd: Sample = { inputs: {}, outputs: { toString: [1] } };
    expect(compareSample(odd, {})).toMatchObject({ output: 'toString', got: 'none' });
  });

  it('says which output, where, wanted and got', () => {
    expect(formatDifference({ output: 'y', field: 'data[1]', want: '2', got: '3' })).toContain('"y" data[1]');
    const refused = { output: '', field: '', want: 'the sample to run', got: 'The Div node refused its inputs.' };
    expect(formatDifference(refused)).toBe('expected the sample to run, got The Div node refused its inputs');
  });
});

describe('tensors without elements', () => {
  const empty = (want: unknown, got: unknown) =>
    compareSample({ inputs: {}, outputs: { y: want as never } }, { y: got });

  it('agree where what their lists show agrees', () => {
    for (const got of [[], { shape: [0, 2], data: [] }, { shape: [0], data: [] }])
      expect(empty([], got)).toBeUndefined();
    expect(empty([[], []], { shape: [2, 0, 7], data: [] })).toBeUndefined();
  });

  it('differ where it does not', () => {
    expect(empty([], [[], []])).toMatchObject({ field: 'shape', want: '[0]', got: '[2, 0]' });
    expect(empty([], [1])).toMatchObject({ field: 'shape' });
    expect(empty([[1]], { shape: [0, 1], data: [] })).toMatchObject({ field: 'shape' });
  });
});
