import type { GateRecord } from '../record/record.ts';
import { errorVerdict } from './error-verdict.ts';
import { createGate } from './gate.ts';
import type { Samples } from './parse-samples.ts';
import { type Arm, type GateSample, type Metric, metrics } from './sample.ts';
import { judgeSequence } from './sequence.ts';
import { isValid, mostlyFailed } from './values.ts';
import type { ArmValues, Verdict } from './verdict.ts';

const judged = (arm: ArmValues, discard: number): ArmValues =>
  Object.fromEntries(Object.entries(arm).map(([metric, values]) => [metric, values.slice(discard)]));

/** An arm most of whose starts failed, in words: what is left of it proves nothing, as in a warm-up. */
function mostlyFailedArm(samples: Samples): string | undefined {
  for (const arm of ['candidate', 'baseline'] as const) {
    for (const metric of samples.options.metrics) {
      const values = samples[arm]?.[metric] ?? [];
      const failed = values.filter((value) => !isValid(value)).length;
      if (failed < values.length && mostlyFailed(failed, values.length)) {
        return `${metric}: ${failed} of ${values.length} cold starts of the ${arm} failed`;
      }
    }
  }
  return undefined;
}

/**
 * The verdict on samples from anywhere. In order they spend the error look by look; all at once they are one planned
 * look with the whole error, which is exact unless someone looked earlier and took more samples because of the result.
 * At a first release (no baseline) only the SLO is checked; a baseline without values is an error, as is an arm most of
 * whose starts failed.
 */
export function decideSamples(samples: Samples): Verdict {
  const { options, discard } = samples;
  const gate = createGate(options, {}, 'given');
  const failing = mostlyFailedArm(samples);
  if (failing) return errorVerdict(failing, 'Look at why they failed: the few that did not prove nothing.');
  const candidate = judged(samples.candidate, discard);
  if (samples.baseline === null) return gate.judgeAlone(candidate);
  const baseline = judged(samples.baseline, discard);
  return samples.sequence
    ? judgeSequence(gate, options.metrics, candidate, baseline)
    : gate.judgeOnce(candidate, baseline);
}

function startAt(arm: ArmValues, index: number): Pick<GateSample, 'status' | 'timings' | 'note'> {
  const measured = metrics.map((metric): [Metric, number | null] => [metric, arm[metric]?.[index] ?? null]);
  const timings = Object.fromEntries(measured.filter(([, v]) => v !== null && Number.isFinite(v)));
  if (measured.some(([, v]) => v === Infinity)) return { status: 'timeout', timings };
  return Object.keys(timings).length > 0 ? { status: 'ok', timings } : { status: 'failed', note: 'no value', timings };
}

function starts(samples: Samples, arm: Arm): GateSample[] {
  const own = samples[arm] ?? {};
  const count = Math.max(0, ...Object.values(own).map((values) => values.length));
  return Array.from({ length: count }, (_, pair) => ({
    ...startAt(own, pair),
    arm,
    pair,
    order: 2 * pair + (arm === 'candidate' ? 1 : 0),
    at: '',
    discarded: pair < samples.discard,
  }));
}

/** A record of samples from anywhere, so that they can be rendered like a measurement of the warm-up. */
export function recordOfSamples(samples: Samples, verdict: Verdict, at: string): GateRecord {
  const all = (['baseline', 'candidate'] as const).flatMap((arm) => starts(samples, arm));
  const options = { ...samples.options, discard: samples.discard };
  return {
    schema: 1,
    model: 'samples',
    environment: '',
    target: 'anywhere',
    rule: { version: 1, options, looks: verdict.looks, spent: verdict.spent },
    candidate: { version: 'candidate' },
    baseline: samples.baseline === null ? null : { version: 'baseline' },
    env: {},
    started_at: at,
    ended_at: at,
    attempt: 1,
    run_url: null,
    samples: all.sort((a, b) => a.order - b.order).slice(0, 1000),
    final: true,
    verdict,
    anchor: null,
  };
}
