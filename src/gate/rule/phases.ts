import { countAbove } from './decide-metric.ts';
import { criticalRank } from './laws.ts';
import type { Metric } from './sample.ts';
import { median, validValues } from './values.ts';
import type { ArmValues, PhaseShift } from './verdict.ts';

/** Parts of a start that do not contain one another, and the cause that each one points to when it moves. */
export const phaseCauses: Partial<Record<Metric, string>> = {
  init_ms: 'the platform or the package starts slower, not the model',
  import_ms: 'the ONNX runtime is imported slower: look at the package and its size',
  fetch_ms: 'the store answers slower or the file grew: not the model itself',
  verify_ms: 'hashing takes longer: the file grew or the CPU is slower',
  session_ms: 'the model itself loads slower: look at its graph, its size and its load-optimised form',
  task_ms: 'the tokenizer, or what else the task needs, loads slower: look at its size',
  first_run_ms: 'the first inference is slower: look at the operators of the model',
};

/** One-sided level of the rank test without a tolerance, one phase at a time. It only names a suspect. */
const noticed = 0.01;

/** Phases that moved beyond chance, furthest first: a slow store is not a slow model. */
export function phaseShifts(candidate: ArmValues, baseline: ArmValues): PhaseShift[] {
  const shifts = (Object.keys(phaseCauses) as Metric[]).flatMap((phase) => {
    const c = validValues(candidate[phase]).filter(Number.isFinite);
    const b = validValues(baseline[phase]).filter(Number.isFinite);
    if (c.length === 0 || b.length === 0) return [];
    const differences = c.flatMap((x) => b.map((y) => x - y)).sort((x, y) => x - y);
    const shiftMs = median(differences);
    const count = shiftMs >= 0 ? countAbove(c, b) : countAbove(b, c);
    return count >= criticalRank(noticed, c.length, b.length) ? [{ phase, shiftMs }] : [];
  });
  return shifts.sort((x, y) => Math.abs(y.shiftMs) - Math.abs(x.shiftMs));
}
