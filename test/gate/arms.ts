import { type Random, randomOf } from '../../bench/gate/random.ts';
import { createGate } from '../../src/gate/rule/gate.ts';
import { type GateOptions, gateDefaults } from '../../src/gate/rule/options.ts';
import type { ArmValues, Gate, Measured, Verdict } from '../../src/gate/rule/verdict.ts';

export const gateOf = (options: Partial<GateOptions> = {}): Gate =>
  createGate({ ...gateDefaults, ...options }, { candidate: '1.1.0', baseline: '1.0.0' });

export const loaded = (values: Measured[]): ArmValues => ({ model_loaded_ms: values });

/** n starts spread evenly by +-4 % about the median: no two alike, nothing drawn by chance. */
export const steady = (median: number, n: number, spread = 0.04): number[] =>
  Array.from({ length: n }, (_, i) => median * (1 - spread + (2 * spread * (i + 0.5)) / n));

/** The same starts in an order that spreads every part of them over the whole range; n not divisible by 7. */
export const mixed = (median: number, n: number, spread: number): number[] => {
  const values = steady(median, n, spread);
  return values.map((_, i) => values[(7 * i) % n]!);
};

export const noisy = (random: Random, median: number, n: number, sd: number): number[] =>
  Array.from({ length: n }, () => median * Math.exp(sd * random.normal()));

export const seeded = randomOf;

/** All starts at once, with the whole error. */
export const once = (candidate: Measured[], baseline: Measured[], options: Partial<GateOptions> = {}): Verdict =>
  gateOf(options).judgeOnce(loaded(candidate), loaded(baseline));
