import type { GateOptions } from './options.ts';

/** What counts as no worse and what counts as too slow; in between either answer is right. */
export interface Zone {
  /** Fractions. */
  tolerance: number;
  limit: number;
  /** Floors of both, ms. */
  toleranceMs: number;
  limitMs: number;
}

/** Relative sd of the platform's speed from one run to another; 5 to 10 % was seen on real functions. */
const driftSd = 0.07;
/** One-sided 1 % quantile of a drift that is log-normal. */
const storedTolerance = Math.exp(2.33 * driftSd) - 1;
const storedLimit = 0.5;

/** The zone of these options. Against stored samples it is never narrower than what drift alone can do. */
export function zoneOf(options: GateOptions): Zone {
  const stored = options.baseline === 'stored';
  return {
    tolerance: stored ? Math.max(options.tolerance, storedTolerance) : options.tolerance,
    limit: stored ? Math.max(options.limit, storedLimit) : options.limit,
    toleranceMs: options.minEffectMs,
    limitMs: 2 * options.minEffectMs,
  };
}

/** g(b): the slowest candidate that is still tolerated beside a baseline start of b ms. */
export const tolerated = (zone: Zone, b: number): number => b + Math.max(zone.tolerance * b, zone.toleranceMs);

/** h(b): the candidate that must not pass beside a baseline start of b ms. */
export const limited = (zone: Zone, b: number): number => b + Math.max(zone.limit * b, zone.limitMs);

/** Middle of the zone in ratios, on which side an unsure verdict leans: 1.146 for 5 % and 25 %. */
export const middleOf = (zone: Zone): number => Math.sqrt((1 + zone.tolerance) * (1 + zone.limit));
