/** One measured goal: a ratio (or a size in MB) that must stay at or below its limit. */
export interface Goal {
  what: string;
  /** What stands beside us, in words. */
  peer: string;
  ours: string;
  theirs: string;
  value: number;
  limit: number;
  unit: '×' | 'MB' | 's' | 'ms' | 'requests';
}

export interface Options {
  /** Small sizes and few rounds: shows that the benchmark runs, and catches gross slips. */
  quick: boolean;
  /** Absolute folder for files that are made and removed. */
  scratch: string;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Medians of a pair's sides, ms, and of what the pairs' sides differ by: as ratios, and in ms. */
export interface Paired {
  ratio: number;
  difference: number;
  ours: number;
  theirs: number;
}

/** Interleaved pairs, alternating order; the value is the median of the pairs' ratios. Times are in ms. */
export async function pairs(
  rounds: number,
  ours: () => Promise<number>,
  theirs: () => Promise<number>,
): Promise<Paired> {
  const taken: { ours: number; theirs: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const first = await ours();
      taken.push({ ours: first, theirs: await theirs() });
    } else {
      const first = await theirs();
      taken.push({ theirs: first, ours: await ours() });
    }
  }
  return {
    ratio: median(taken.map((t) => t.ours / t.theirs)),
    difference: median(taken.map((t) => t.ours - t.theirs)),
    ours: median(taken.map((t) => t.ours)),
    theirs: median(taken.map((t) => t.theirs)),
  };
}

export const msText = (ms: number): string => (ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`);

/** What a run of ours may take at its peak, whatever the size of the model. */
export const memoryGoal = (what: string, peakMb: number): Goal => ({
  what: `peak memory of ${what}`,
  peer: '',
  ours: `${peakMb.toFixed(0)} MB`,
  theirs: '',
  value: peakMb,
  limit: 250,
  unit: 'MB',
});
