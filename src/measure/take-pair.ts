import type { Arm, ColdStart, GateSample } from '../gate/rule/sample.ts';
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

/** A start counts only on an instance that was never seen: a warm one would look like a fast cold start. */
function proven(start: ColdStart, seen: ReadonlySet<string>): ColdStart {
  if (start.status !== 'ok' || !start.instance_id || !seen.has(start.instance_id)) return start;
  return { ...start, status: 'failed', note: `instance ${start.instance_id} had answered before: not a cold start` };
}

/**
 * Takes one pair of forced cold starts, one after the other: starts of one version that run at once may share a host
 * and then are worth fewer (gate.md 5.1).
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
  const seen = new Set(before.map((s) => s.instance_id).filter((id) => id !== undefined));
  for (const arm of orderOf(pair, arms)) {
    const request = arm === 'candidate' ? arms.candidate : arms.baseline;
    if (!request) continue;
    const at = now().toISOString();
    const start = proven(await target.sample(request), seen);
    if (start.instance_id) seen.add(start.instance_id);
    const own = before.filter((s) => s.arm === arm).length;
    taken.push({ ...start, arm, pair, order: before.length + taken.length, at, discarded: own < discard });
  }
  return taken;
}
