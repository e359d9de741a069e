import type { Metric } from './sample.ts';
import { isValid } from './values.ts';
import type { ArmValues, Gate, Verdict } from './verdict.ts';

const longest = (arm: ArmValues): number => Math.max(0, ...Object.values(arm).map((values) => values.length));

const first = (arm: ArmValues, count: number): ArmValues =>
  Object.fromEntries(Object.entries(arm).map(([metric, values]) => [metric, values.slice(0, count)]));

const validIn = (arm: ArmValues, metrics: readonly Metric[]): number =>
  Math.min(...metrics.map((m) => (arm[m] ?? []).filter(isValid).length));

/**
 * Judges recorded samples as the warm-up would have: pair after pair in order of measurement, at each look as soon as
 * both arms have its number of valid starts, stopping at the first that decides. Samples after the last look that was
 * reached are judged in one last look, as when the measurement runs out of time.
 */
export function judgeSequence(
  gate: Gate,
  metrics: readonly Metric[],
  candidate: ArmValues,
  baseline: ArmValues,
): Verdict {
  const pairs = Math.max(1, longest(candidate), longest(baseline));
  let look = 1;
  let spent = 0;
  for (let taken = 1; taken <= pairs; taken += 1) {
    const [c, b] = [first(candidate, taken), first(baseline, taken)];
    const due = gate.looks[look - 1];
    if (due === undefined || Math.min(validIn(c, metrics), validIn(b, metrics)) < due) continue;
    const { verdict, final } = gate.judge(c, b, look, spent);
    if (final) return verdict;
    if (taken === pairs) break;
    spent = verdict.spent;
    look = gate.nextLook(spent);
  }
  return gate.judge(candidate, baseline, gate.looks.length, spent).verdict;
}
