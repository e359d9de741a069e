import type { Resample } from '../../model/picture-settings.ts';

/** Weights of a pass, in fixed point. */
export interface Weights {
  /** For each pixel that is made: the first that it is made of, and of how many. */
  bounds: Int32Array;
  /** `most` of them for each pixel. */
  weights: Int32Array;
  most: number;
}

/** Bits after the point: 32 less 8 of a pixel, and 2 that sums with negative weights need. */
export const precision = 22;

type Interpolation = Exclude<Resample, 'nearest'>;

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

/** Of each filter how far it reaches, and its value at a distance. https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c */
const filters: Record<Interpolation, { support: number; at(x: number): number }> = {
  box: { support: 0.5, at: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, at: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: {
    support: 1,
    at: (x) => (Math.abs(x) >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI))),
  },
  bicubic: { support: 2, at: (x) => cubic(Math.abs(x)) },
  lanczos: { support: 3, at: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};

function cubic(x: number): number {
  const a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/**
 * What each of `count` pixels, beginning with `first`, of a line of `to` is made of that had `from`. A line that gets shorter
 * is filtered over as many pixels as become one, which is the antialiasing.
 */
export function weightsOf(filter: Interpolation, from: number, to: number, first: number, count: number): Weights {
  const { support: reach, at } = filters[filter];
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = reach * stretch;
  const most = Math.ceil(support) * 2 + 1;
  const bounds = new Int32Array(count * 2);
  const weights = new Int32Array(count * most);
  const line = new Float64Array(most);
  const step = 1 / stretch;
  for (let index = 0; index < count; index++) {
    const centre = (first + index + 0.5) * scale;
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const taps = Math.min(from, Math.trunc(centre + support + 0.5)) - low;
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const weight = at((tap + low - centre + 0.5) * step);
      line[tap] = weight;
      sum += weight;
    }
    for (let tap = 0; tap < taps; tap++) {
      const weight = (sum === 0 ? (line[tap] as number) : (line[tap] as number) / sum) * (1 << precision);
      weights[index * most + tap] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5);
    }
    bounds[index * 2] = low;
    bounds[index * 2 + 1] = taps;
  }
  return { bounds, weights, most };
}
