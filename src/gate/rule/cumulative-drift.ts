/** The version from which cumulative drift is counted: releases that each pass may add up. */
export interface DriftBaseline {
  /** Version that the product starts at. */
  version: string;
  /** Product of the ratios of all releases since, this one included. */
  product: number;
}

/** Above this the releases since the drift baseline have together used half of the way to a block. */
export const driftLimit = 1.125;

/**
 * The drift baseline after a release that passed. Without one, the version that was live becomes the baseline; without
 * a ratio (first release, time-outs) nothing is added.
 */
export function advanceBaseline(
  before: DriftBaseline | null,
  liveVersion: string | null,
  candidate: string,
  ratio: number | null,
) {
  const anchor = before ?? { version: liveVersion ?? candidate, product: 1 };
  return { version: anchor.version, product: anchor.product * (ratio ?? 1) };
}

/** The warning when small steps add up; empty while they do not. */
export function driftWarning(anchor: DriftBaseline | null): string {
  if (!anchor || anchor.product <= driftLimit) return '';
  const sum = Math.round((anchor.product - 1) * 100);
  return `Releases since ${anchor.version} add up to about +${sum} %, although each passed: measure beside ${anchor.version} again.`;
}
