import { maxStarts } from './options.ts';
import type { Measured } from './verdict.ts';

export const isValid = (value: Measured): value is number => value !== null && value > 0;

/** Min. starts of an arm before the share of failed ones is judged. */
const enoughToShare = 8;

/** More than half of an arm's starts failed: the rest proves nothing, and leaving the failed ones out would hide it. */
export const mostlyFailed = (failed: number, taken: number): boolean => taken >= enoughToShare && failed > taken / 2;

/**
 * The valid values of an arm, ascending: failed measurements are left out, time-outs stay as the slowest. Only the
 * first ones in order of measurement, as many as the laws can take, are judged.
 */
export const validValues = (values: readonly Measured[] | undefined): number[] =>
  (values ?? [])
    .filter(isValid)
    .slice(0, maxStarts)
    .sort((a, b) => a - b);

export function median(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/** The k-th smallest with k = ceil(share x n): always a value that was measured; p95 of 20 is the 19th. */
export const nearestRank = (sorted: readonly number[], share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;

/** Linear between order statistics (R's type 7). */
function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  return low + (at - Math.floor(at)) * (sorted[Math.ceil(at)]! - low);
}

/** Robust relative spread: interquartile range of the logarithms / 1.349. Time-outs have no place in it. */
export function spreadOf(sorted: readonly number[]): number | null {
  const logs = sorted.filter(Number.isFinite).map(Math.log);
  return logs.length < 4 ? null : (quantile(logs, 0.75) - quantile(logs, 0.25)) / 1.349;
}

/** A number that JSON can hold; null among time-outs and for what was not measured. */
export const finite = (value: number | undefined): number | null => (Number.isFinite(value) ? value! : null);
