import { type Arm, type GateSample, metrics } from '../gate/rule/sample.ts';
import type { ArmValues, Measured } from '../gate/rule/verdict.ts';

/** Starts of an arm that count towards a look: proven ones, and those that timed out. */
export const validStarts = (samples: readonly GateSample[], arm: Arm): number =>
  samples.filter((s) => s.arm === arm && !s.discarded && s.status !== 'failed').length;

/**
 * The judged values of one arm by metric, in the order measured. A time-out is slower than all; a failed start, or a
 * phase that was not reported, is no measurement.
 */
export function armValues(samples: readonly GateSample[], arm: Arm): ArmValues {
  const own = samples.filter((s) => s.arm === arm && !s.discarded);
  const measured = (s: GateSample, metric: (typeof metrics)[number]): Measured => {
    if (s.status === 'timeout') return Number.POSITIVE_INFINITY;
    return s.status === 'ok' ? (s.timings[metric] ?? null) : null;
  };
  const all = metrics.map((metric) => [metric, own.map((s) => measured(s, metric))] as const);
  return Object.fromEntries(all.filter(([, values]) => values.some((v) => v !== null)));
}
