import { expect, it } from 'vitest';
import { parseAsReference, referenceNumber } from '../../src/tokenizer/compile/reference-numbers.ts';

it.each([
  ['-3.5', -3.5],
  ['0.1', 0.1],
  ['1e3', 1000],
  ['1.5e-3', 0.0015],
  ['0.0', 0],
  // These differ from the nearest double by one unit in the last place.
  ['-9.2103403719761836', -9.210340371976184],
  ['12345678901234567890123.5', 1.23456789012345e22],
])('reads %s', (literal, value) => {
  expect(Math.abs(referenceNumber(literal) - value)).toBeLessThanOrEqual(Math.abs(value) * 1e-13);
});

it('divides digits by a power of ten, each rounded once', () => {
  expect(referenceNumber('-10.234567890123456')).toBe(-(10234567890123456 / 1e15));
  expect(referenceNumber('5.0123456789012345678901')).toBe(Number(5012345678901234567n) / 1e18);
});

it('leaves whole numbers and files without scores alone', () => {
  expect(parseAsReference('{"a":[1,2.5,"x"]}')).toEqual({ a: [1, 2.5, 'x'] });
  expect(parseAsReference('{"type":"Unigram","vocab":[["a",-1.25],["b",3]]}')).toEqual({
    type: 'Unigram',
    vocab: [
      ['a', -1.25],
      ['b', 3],
    ],
  });
});
