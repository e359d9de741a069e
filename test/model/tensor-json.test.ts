import { describe, expect, it } from 'vitest';
import { formatTensor } from '../../src/model/tensor-format.ts';
import type { TensorInfo } from '../../src/model/tensor-info.ts';
import { bindSymbols, parseTensor, TensorError } from '../../src/model/tensor-json.ts';

const info = (dtype: TensorInfo['dtype'], ...shape: (number | string)[]): TensorInfo => ({ name: 'x', dtype, shape });

/** The field that a refusal names, or what was accepted. */
function refusal(json: unknown, want: TensorInfo): string | undefined {
  try {
    parseTensor(json, want);
    return undefined;
  } catch (error) {
    if (error instanceof TensorError) return error.field;
    throw error;
  }
}

describe('parseTensor', () => {
  it('reads nested arrays into the declared type and shape', () => {
    const parsed = parseTensor(
      [
        [1, 2.5],
        ['-Infinity', -0.5],
      ],
      info('float32', 'n', 2),
    );
    expect(parsed.shape).toEqual([2, 2]);
    expect(parsed.data).toEqual(new Float32Array([1, 2.5, -Infinity, -0.5]));
  });

  it('reads flat data with a shape', () => {
    const parsed = parseTensor({ dtype: 'int32', shape: [1, 3], data: [1, 2, 3] }, info('int32', 1, 3));
    expect(parsed).toEqual({ dtype: 'int32', shape: [1, 3], data: new Int32Array([1, 2, 3]) });
  });

  it('reads a bare value where the model wants rank 0', () => {
    expect(parseTensor(16000, info('int64')).data).toEqual(new BigInt64Array([16000n]));
    expect(refusal([16000], info('int64'))).toBe('');
    expect(refusal(16000, info('int64', 1))).toBe('');
  });

  it('reads int64 beyond 2^53 from digits and refuses it as a rounded number', () => {
    const digits = parseTensor(['9223372036854775807', '-9223372036854775808', -1], info('int64', 3));
    expect(digits.data).toEqual(new BigInt64Array([2n ** 63n - 1n, -(2n ** 63n), -1n]));
    expect(refusal([9007199254740992], info('int64', 1))).toBe('[0]');
    expect(refusal(['9223372036854775808'], info('int64', 1))).toBe('[0]');
    expect(refusal(['-1'], info('uint64', 1))).toBe('[0]');
    expect(refusal(['0x10'], info('int64', 1))).toBe('[0]');
  });

  it('gives float16 as bits', () => {
    const parsed = parseTensor([1, -2, 65504, 'NaN'], info('float16', 4));
    expect(Array.from(parsed.data as Uint16Array).slice(0, 3)).toEqual([0x3c00, 0xc000, 0x7bff]);
    expect(formatTensor('float16', parsed.shape, parsed.data)).toEqual([1, -2, 65504, 'NaN']);
    expect(refusal([65520], info('float16', 1))).toBe('[0]');
    expect(parseTensor([65519.99999999999], info('float16', 1)).data).toEqual(new Uint16Array([0x7bff]));
  });

  it('refuses floats that would silently become infinite', () => {
    expect(refusal([3.4028235677973366e38], info('float32', 1))).toBe('[0]');
    expect(parseTensor([3.4028235677973362e38], info('float32', 1)).data).toEqual(
      new Float32Array([3.4028234663852886e38]),
    );
    expect(refusal([1e308], info('float64', 1))).toBeUndefined();
  });

  it.each([
    ['uint8', 300],
    ['uint8', -1],
    ['int8', 128],
    ['int32', 2147483648],
    ['uint32', -1],
    ['int64', 1.5],
    ['int32', 'NaN'],
    ['float32', '1'],
    ['float32', null],
    ['float32', true],
    ['bool', 2],
    ['bool', 'true'],
    ['string', 1],
  ] as const)('refuses for %s the element %s', (dtype, value) => {
    expect(refusal([[0, value].slice(1)], info(dtype, 1, 1))).toBe('[0][0]');
    expect(refusal({ shape: [1], data: [value] }, info(dtype, 1))).toBe('data[0]');
  });

  it('reads bool and string', () => {
    expect(parseTensor([true, false, 1], info('bool', 3)).data).toEqual(new Uint8Array([1, 0, 1]));
    expect(parseTensor([['a', '']], info('string', 1, 2)).data).toEqual(['a', '']);
  });

  it.each([
    ['a ragged list', [[1, 2], [3]], '[1]'],
    ['a value in place of a list', [[1, 2], 3], '[1]'],
    ['lists too deep', [[[1], [2]]], ''],
    ['lists too shallow', [1, 2], ''],
    ['text', 'hello', ''],
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a deeper list among values', [[1, [2]]], '[0][1]'],
    ['another fixed dimension', [[1, 2, 3]], 'shape'],
    ['flat data that is too short', { shape: [1, 2], data: [1] }, 'data'],
    ['flat data that is nested', { shape: [1, 2], data: [[1, 2]] }, 'data'],
    ['no shape', { data: [1, 2] }, 'shape'],
    ['a negative dimension', { shape: [-1, -2], data: [1, 2] }, 'shape'],
    ['a fractional dimension', { shape: [0.5, 2], data: [1] }, 'shape'],
    ['a rank that differs', { shape: [2], data: [1, 2] }, 'shape'],
    ['another dtype', { dtype: 'int32', shape: [1, 2], data: [1, 2] }, 'dtype'],
    ['data that is not a list', { shape: [1, 2], data: 'AAAA' }, 'data'],
    ['an unknown field', { shape: [1, 2], values: [1, 2] }, 'values'],
  ])('refuses %s', (_name, json, field) => {
    expect(refusal(json, info('float32', 'n', 2))).toBe(field);
  });

  it('allocates nothing for dimensions whose product is absurd', () => {
    expect(refusal({ shape: [2 ** 40, 2 ** 40], data: [1] }, info('float32', 'n', 'm'))).toBe('data');
    const wide = [new Array(5000).fill(0), ...new Array(5000).fill(0)];
    expect(refusal(wide, info('float32', 'n', 'm'))).toBe('[1]');
  });

  it('keeps tensors with an empty dimension', () => {
    expect(parseTensor({ shape: [2, 0], data: [] }, info('float32', 'n', 'm')).data).toEqual(new Float32Array(0));
    expect(parseTensor([[], []], info('float32', 'n', 'm')).shape).toEqual([2, 0]);
  });

  it('takes for the dimensions that an empty list hides what the model declares', () => {
    expect(parseTensor([], info('float32', 'n', 2)).shape).toEqual([0, 2]);
    expect(parseTensor([], info('float32', 'n', 'm', 3)).shape).toEqual([0, 0, 3]);
    expect(parseTensor([[], []], info('string', 2, 'n', 3))).toMatchObject({ shape: [2, 0, 3], data: [] });
    expect(refusal([], info('float32', 1, 2))).toBe('shape');
    expect(refusal([[], [1]], info('float32', 'n', 'm'))).toBe('[1]');
  });

  it('reads any shape where the model declares none', () => {
    const any: TensorInfo = { name: 'x', dtype: 'int32', shape: null };
    expect(parseTensor(7, any).shape).toEqual([]);
    expect(parseTensor([[[1], [2]]], any)).toMatchObject({ shape: [1, 2, 1], data: Int32Array.of(1, 2) });
    expect(parseTensor([[], []], any).shape).toEqual([2, 0]);
    expect(parseTensor({ shape: [2, 1], data: [1, 2] }, any).shape).toEqual([2, 1]);
    expect(refusal([[1], [2, 3]], any)).toBe('[1]');
    expect(refusal([[1], 2], any)).toBe('[1]');
    expect(refusal({ data: [1] }, any)).toBe('shape');
    expect(refusal(JSON.parse('['.repeat(100) + ']'.repeat(100)), any)).toBe('');
  });

  it('refuses a type that the runtime for Node cannot take', () => {
    expect(refusal([1], info('bfloat16', 1))).toBe('dtype');
  });

  it('says what was expected and what came', () => {
    const attempt = () => parseTensor([[300]], info('uint8', 1, 1));
    expect(attempt).toThrow(expect.objectContaining({ expected: 'a whole number from 0 to 255 (uint8)', got: '300' }));
  });
});

describe('bindSymbols', () => {
  it('wants one size for one name, and nothing of names that say nothing', () => {
    const bound = new Map<string, number>();
    bindSymbols([2, 5], info('int64', 'batch', 'sequence'), bound);
    expect(() => bindSymbols([2, 6], info('int64', 'batch', 'sequence'), bound)).toThrow(TensorError);
    bindSymbols([3, 4], info('int64', '', 'None'), bound);
    bindSymbols([5, 6], info('int64', '', 'None'), bound);
    expect([...bound.keys()]).toEqual(['batch', 'sequence']);
  });
});

describe('formatTensor', () => {
  it('is read back by parseTensor', () => {
    const data = new Float32Array([1, -2.5, Number.NaN, Infinity, 0, 3]);
    const json = JSON.parse(JSON.stringify(formatTensor('float32', [1, 2, 3], data)));
    expect(json).toEqual([
      [
        [1, -2.5, 'NaN'],
        ['Infinity', 0, 3],
      ],
    ]);
    expect(parseTensor(json, info('float32', 1, 2, 3)).data).toEqual(data);
  });

  it('gives floats in the digits that they need', () => {
    expect(formatTensor('float32', [3], new Float32Array([0.1, -1234.567, 3.1e-7]))).toEqual([0.1, -1234.567, 3.1e-7]);
    expect(formatTensor('float16', [2], new Float16Array([0.1, -12.3]))).toEqual([0.1, -12.3]);
    expect(formatTensor('float64', [1], new Float64Array([0.10000000149011612]))).toEqual([0.10000000149011612]);
  });

  it('gives big integers as digits, bool as words, rank 0 bare', () => {
    expect(formatTensor('int64', [2], new BigInt64Array([5n, 2n ** 62n]))).toEqual([5, '4611686018427387904']);
    expect(formatTensor('bool', [2], new Uint8Array([1, 0]))).toEqual([true, false]);
    expect(formatTensor('string', [1, 1], ['a'])).toEqual([['a']]);
    expect(formatTensor('int64', [], new BigInt64Array([7n]))).toBe(7);
    expect(formatTensor('float16', [1], new Float16Array([0.5]))).toEqual([0.5]);
    expect(formatTensor('float32', [2, 0], new Float32Array(0))).toEqual([[], []]);
  });

  it('refuses data that does not fill the shape', () => {
    expect(() => formatTensor('float32', [3], new Float32Array(2))).toThrow(RangeError);
  });
});
