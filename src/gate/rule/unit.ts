import type { Problem } from '../../errors.ts';
import type { Metric } from './sample.ts';
import { median } from './values.ts';
import type { ArmValues } from './verdict.ts';

/** Units that durations come in, and what one of each is in ms. OpenTelemetry and Prometheus give seconds. */
export const units: Readonly<Record<string, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 };

/**
 * Bounds of a plausible median, ms. Below 10 ms no platform starts an instance that loads a model, and there the gate's
 * floors (min-effect-ms) let everything pass; above the default time-out of a minute a start counts as failed.
 */
const plausible = { least: 10, most: 60_000 };

/** A metric of an arm whose values can hardly be ms, where no unit was given: that must not pass silently. */
export function unitProblem(arm: string, values: ArmValues, metric: Metric): Problem | undefined {
  const finite = (values[metric] ?? []).filter((v): v is number => v !== null && Number.isFinite(v) && v > 0);
  if (finite.length === 0) return undefined;
  const middle = median(finite.sort((a, b) => a - b));
  const shown = Number(middle.toPrecision(3));
  const path = `${arm}.${metric}`;
  if (middle < plausible.least) {
    return {
      path,
      message: `has a median of ${shown}: as ms, less than any cold start takes.`,
      hint: 'If the values are seconds, add "unit": "s" to the document; if they are ms, add "unit": "ms".',
    };
  }
  if (middle <= plausible.most) return undefined;
  return {
    path,
    message: `has a median of ${shown}: as ms, more than a minute.`,
    hint: 'If the values are microseconds, add "unit": "us" to the document, for nanoseconds "ns"; if they are ms, add "unit": "ms".',
  };
}
