import { maxStarts } from './options.ts';

/**
 * Starts an arm that decide most releases at this spread (IQR of the logarithms / 1.349): max(20, 1300 s^2), from the
 * simulations behind the rule; 19 % gives 47.
 */
export const suggestedCap = (spread: number | null): number =>
  Math.min(maxStarts, Math.max(20, Math.ceil(1300 * (spread ?? 0) ** 2)));
