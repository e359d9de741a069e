/**
 * The smallest value that at least this share of the values do not exceed (nearest rank, type 1 of Hyndman and Fan
 * 1996): always one that was measured. Undefined without values.
 */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}
