import { UnprovenError } from '../errors.ts';
import type { GateOptions } from '../gate/options.ts';
import type { ShiftStep } from '../rollout/target.ts';

/**
 * Holds each step of a weighted shift to the gate's own bound: no instance of the new revision may have needed longer to
 * start than `slo-ms`, by the first of the gate's metrics. Nothing where the gate has no bound.
 * The judge throws UnprovenError `slo-broken`.
 */
export function shiftJudge({ metrics, sloMs }: GateOptions): ((step: ShiftStep) => void) | undefined {
  const [metric] = metrics;
  if (sloMs === undefined || metric === undefined) return undefined;
  return ({ percent, timings }) => {
    const worst = Math.max(...timings.map((one) => one[metric] ?? 0));
    if (worst <= sloMs) return;
    const bound = `${metric} of ${Math.round(worst)} ms, and gate.slo-ms is ${sloMs}`;
    throw new UnprovenError('slo-broken', `At ${percent} % of the calls an instance had a ${bound}.`, {
      hint: 'The calls are back on the version before. Measure with coldgate warmup, or raise gate.slo-ms.',
      data: { percent, metric, worst, sloMs },
    });
  };
}
