import { describe, expect, it } from 'vitest';
import { checkBudget, cloudRunBudget, lambdaBudget, largestEntries } from '../../src/package/budget.ts';

const entries = (sizes: number[]) => sizes.map((size, index) => ({ name: `f${index}`, size, storedSize: size / 2 }));

describe('the size budget', () => {
  it('takes archives of 250 MiB for Cloud Run, and no more', () => {
    expect(() => checkBudget(entries([500_000_000]), 262_144_000, cloudRunBudget)).not.toThrow();
    expect(() => checkBudget(entries([500_000_000]), 262_144_001, cloudRunBudget)).toThrowError(
      expect.objectContaining({ code: 'package-too-large', exit: 2, message: expect.stringMatching(/262144000/) }),
    );
  });

  it('passes what fits exactly', () => {
    expect(() => checkBudget(entries([262_144_000]), 52_428_800, lambdaBudget)).not.toThrow();
  });

  it.each([
    ['one byte too many unpacked', [262_143_999, 2], 1000],
    ['one byte too many zipped', [1000], 52_428_801],
  ])('refuses %s', (_name, sizes, zipped) => {
    expect(() => checkBudget(entries(sizes), zipped, lambdaBudget)).toThrowError(
      expect.objectContaining({ code: 'package-too-large', exit: 2, hint: expect.stringContaining('AWS') }),
    );
  });

  it('lists the ten largest files, largest first, and how many more there are', () => {
    const lines = largestEntries(entries([5, 1, 9, 2, 8, 3, 7, 4, 6, 11, 10, 12].map((n) => n * 1e6)));
    expect(lines).toHaveLength(11);
    expect(lines[0]).toMatch(/12\.0 MB\s+f11 \(6\.0 MB in the zip\)/);
    expect(lines[9]).toContain('3.0 MB');
    expect(lines[10]).toContain('2 smaller');
  });

  it('tells machines the same', () => {
    const over = entries([300_000_000, 5]);
    expect(() => checkBudget(over, 1, lambdaBudget)).toThrowError(
      expect.objectContaining({
        data: expect.objectContaining({ unzipped: 300_000_005, zipped: 1, largest: over }),
      }),
    );
  });
});
