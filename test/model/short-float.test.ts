import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortFloat16, shortFloat32 } from '../../src/model/short-float.ts';

const digitsOf = (value: number): number => {
  const [digits] = value.toExponential().split('e') as [string];
  return digits.replace(/\D/g, '').length;
};

/** What the fewest digits are, by asking for more and more of them. */
function fewestDigits(value: number, round: (value: number) => number): number {
  for (let digits = 1; ; digits++) if (round(Number(value.toPrecision(digits))) === value) return digits;
}

describe('shortFloat32', () => {
  it.each([
    [0.1, 0.1],
    [1 / 3, 0.33333334],
    [-2.7182817, -2.7182817],
    [16_777_215, 16_777_215],
    [1.1754944e-38, 1.1754943508222875e-38],
    [3.4028235e38, 3.4028234663852886e38],
    [0, 0],
    [16_777_216, 16_777_216],
  ])('writes the float32 of %d as %d', (value, short) => {
    expect(shortFloat32(Math.fround(value))).toBe(short);
  });

  it('keeps the sign of zero, and what is not finite', () => {
    for (const value of [-0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expect(shortFloat32(value)).toBe(value);
    }
  });

  it('is the same float32 whatever its bits are, in at most one digit more than the fewest', () => {
    const bits = new Uint32Array(1);
    const float = new Float32Array(bits.buffer);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (pattern) => {
        bits[0] = pattern;
        const value = float[0] as number;
        const short = shortFloat32(value);
        expect(Math.fround(short)).toBe(value);
        const size = Math.abs(value);
        if (!(size >= 1e-15) || Number.isInteger(value)) return;
        expect(digitsOf(short)).toBeLessThanOrEqual(fewestDigits(value, Math.fround) + 1);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe('shortFloat16', () => {
  it('is the same float16 for all 65,536 of them, in at most five digits unless they are whole', () => {
    const bits = Uint16Array.from({ length: 2 ** 16 }, (_, pattern) => pattern);
    for (const value of new Float16Array(bits.buffer)) {
      const short = shortFloat16(value);
      if (!Object.is(Math.f16round(short), value)) throw new Error(`${value} became ${short}`);
      if (Number.isInteger(value)) expect(short).toBe(value);
      else if (Number.isFinite(value)) expect(digitsOf(short)).toBeLessThanOrEqual(5);
    }
  });
});
