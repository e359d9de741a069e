import type { Random } from './random.ts';

/** Draws one cold start, ms. */
export type Draw = (random: Random) => number;

/**
 * Noise of a platform: log-normal body and host factors, and a share of starts that take 2 to 4 times as long. The
 * levels are those seen on 472,015 runs of public functions (docs/gate.md).
 */
export interface Noise {
  name: string;
  body: number;
  host: number;
  tail: number;
}

export const noises: Record<'calm' | 'typical' | 'noisy' | 'very noisy', Noise> = {
  calm: { name: 'calm', body: 0.04, host: 0.02, tail: 0.03 },
  typical: { name: 'typical', body: 0.08, host: 0.05, tail: 0.05 },
  noisy: { name: 'noisy', body: 0.15, host: 0.08, tail: 0.05 },
  'very noisy': { name: 'very noisy', body: 0.25, host: 0.1, tail: 0.08 },
};

export const spreadOf = ({ body, host }: Noise): number => Math.hypot(body, host);

export const startOf =
  (noise: Noise, median = 300): Draw =>
  (random) => {
    const value = median * Math.exp(noise.body * random.normal() + noise.host * random.normal());
    return random.uniform() < noise.tail ? value * (2 + 2 * random.uniform()) : value;
  };

/** Shapes that have little in common, for the bound that holds for every distribution. */
export const shapes: Record<string, Draw> = {
  'log-normal': (r) => 300 * Math.exp(0.3 * r.normal()),
  exponential: (r) => -300 * Math.log(1 - r.uniform()),
  'Pareto 1.5': (r) => 300 * (1 - r.uniform()) ** (-1 / 1.5),
  bimodal: (r) => (r.uniform() < 0.5 ? 200 : 600) * Math.exp(0.05 * r.normal()),
  uniform: (r) => 200 + 200 * r.uniform(),
};
