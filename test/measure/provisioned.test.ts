import { describe, expect, it } from 'vitest';
import { provisionedFor } from '../../src/measure/burst.ts';

describe('the proposed count', () => {
  it.each([
    // 100 a second of 0.5 s each are 50 in progress: the example of AWS' documentation; a tenth more.
    [100, 500, 55],
    [20, 500, 11],
    [50, 4, 1],
    [1, 900, 1],
    // All in one moment need one each, so more would stand idle.
    [50, 2000, 50],
    [1000, 12.5, 14],
  ])('for %i a second of %d ms each is %i', (perSecond, serviceMs, count) => {
    expect(provisionedFor(perSecond, serviceMs)).toBe(count);
  });

  it('is a share of that where an instance serves several at once', () => {
    expect(provisionedFor(100, 500, 4)).toBe(14);
    expect(provisionedFor(50, 2000, 4)).toBe(13);
    expect(provisionedFor(2, 900, 4)).toBe(1);
  });
});
