import type { Arm, GateSample } from '../gate/rule/sample.ts';
import type { SampleRequest, Target } from '../rollout/target.ts';

export interface Arms {
  candidate: SampleRequest;
  /** Undefined at the first release: only the candidate is measured. */
  baseline: SampleRequest | undefined;
}

/** Even pairs start with the live version, odd ones with the candidate, so that drift inside a pair cancels out. */
export function orderOf(pair: number, arms: Arms): Arm[] {
  if (!arms.baseline) return ['candidate'];
  return pair % 2 === 0 ? ['baseline', 'candidate'] : ['candidate', 'baseline'];
}

/**
 * Takes one pair of forced cold starts, one after the other: starts of one version that run at once may share a host
 * and then are worth fewer.
 * @param discard starts of each arm that come first and are reported apart
 */
export async function takePair(
  target: Target,
  arms: Arms,
  before: readonly GateSample[],
  pair: number,
  discard: number,
  now: () => Date,
): Promise<GateSample[]> {
  const taken: GateSample[] = [];
  const known = before.map((s) => s.instance_id).filter((id) => id !== undefined);
  for (const arm of orderOf(pair, arms)) {
    const request = arm === 'candidate' ? arms.candidate : arms.baseline;
    if (!request) continue;
    const at = now().toISOString();
    const start = await target.sample({ ...request, known });
    const own = before.filter((s) => s.arm === arm).length;
    taken.push({ ...start, arm, pair, order: before.length + taken.length, at, discarded: own < discard });
  }
  return taken;
}
