import { fewestStarts } from './options.ts';

/** Valid starts an arm at which the gate looks: 1/3, 1/2, 2/3 and all of the cap, none below 7. 30: 10, 15, 20, 30. */
export function looksOf(maxSamples: number): number[] {
  const all = [maxSamples / 3, maxSamples / 2, (maxSamples * 2) / 3, maxSamples].map(Math.ceil);
  return [...new Set(all)].filter((n) => n >= fewestStarts);
}

/**
 * Share of the error levels that may have been spent once the smaller arm has n of `maxSamples` starts: t squared
 * (power family with rho = 2, Kim and DeMets, Biometrika 1987). The shares of all looks add up to 1 at the cap, so by
 * the union bound the total error holds however often one looks.
 */
export const spentAt = (n: number, maxSamples: number): number => Math.min(1, n / maxSamples) ** 2;

/** 1-based number of the first look that has not been spent; one more than there are looks when none is left. */
export const nextLook = (looks: readonly number[], maxSamples: number, spent: number): number =>
  1 + looks.filter((n) => spentAt(n, maxSamples) <= spent + 1e-12).length;
