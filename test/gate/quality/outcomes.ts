import { decideQuality } from '../../../src/gate/quality/decide.ts';
import type { QualityVerdict } from '../../../src/gate/quality/judgement.ts';
import { parseQuality } from '../../../src/gate/quality/parse.ts';

/** Right or wrong of n items, of which the live version alone has `lost` right and the candidate alone `gained`. */
export function pairs(n: number, lost: number, gained: number): { live: number[]; candidate: number[] } {
  const live = Array.from({ length: n }, (_, at) => (at >= lost && at < lost + gained ? 0 : 1));
  const candidate = Array.from({ length: n }, (_, at) => (at < lost ? 0 : 1));
  return { live, candidate };
}

/** The verdict on a document of `coldgate decide`; throws where it is refused. */
export function decide(quality: object, options: object = {}): QualityVerdict {
  const { samples, problems } = parseQuality({ quality, options });
  if (problems.length > 0) throw new Error(problems.map(({ path, message }) => `${path} ${message}`).join('\n'));
  return decideQuality(samples);
}

export const decidePairs = (n: number, lost: number, gained: number, options: object = {}): QualityVerdict =>
  decide({ kind: 'binary', ...pairs(n, lost, gained) }, options);

/** Uniform numbers from 0 to 1, the same in each run (Park, Miller 1988). */
export function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 16807) % 2147483647;
    return state / 2147483647;
  };
}
