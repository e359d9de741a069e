import { upperShare } from './laws.ts';
import type { GateOptions } from './options.ts';
import { validValues } from './values.ts';
import type { ArmValues, Verdict } from './verdict.ts';

/** Candidate starts over the SLO, which applies to the first gating metric; undefined if no SLO is set. */
export function sloOf(options: GateOptions, candidate: ArmValues): Verdict['slo'] {
  const ms = options.sloMs;
  if (ms === undefined) return null;
  const values = validValues(candidate[options.metrics[0]!]);
  const over = values.filter((v) => v > ms).length;
  return { ms, over, n: values.length, upperShare: upperShare(over, values.length) };
}
