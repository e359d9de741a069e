import type { Measured } from '../../advice/rule.ts';
import type { GateRecord } from '../../gate/record/record.ts';
import type { GateSample, Metric } from '../../gate/rule/sample.ts';
import { quantile } from '../../measure/quantile.ts';

/** Fewest valid starts that a 95th percentile may stand for. */
const fewest = 3;

/** A first answer as its caller sees it, else what its parts add up to, ms. */
function startOf({ timings }: GateSample): number | undefined {
  const { round_trip_ms, init_ms = 0, import_ms = 0, model_loaded_ms, first_run_ms = 0 } = timings;
  const parts = model_loaded_ms === undefined ? undefined : init_ms + import_ms + model_loaded_ms + first_run_ms;
  return round_trip_ms === undefined ? parts : Math.max(round_trip_ms, parts ?? 0);
}

/** What the record of a version's measurement says of its cold starts; undefined where too few of them are valid. */
export function measuredOf(record: GateRecord | undefined): Measured | undefined {
  const starts = (record?.samples ?? []).filter(
    (one) => one.arm === 'candidate' && one.status === 'ok' && !one.discarded,
  );
  const p95 = (value: (one: GateSample) => number | undefined) =>
    quantile(
      starts.flatMap((one) => value(one) ?? []),
      0.95,
    );
  const of = (metric: Metric) => p95(({ timings }) => timings[metric]);
  const startMs = p95(startOf);
  if (!record || starts.length < fewest || startMs === undefined) return undefined;
  const peaks = starts.flatMap(({ platform }) => platform?.max_memory_mb ?? []);
  return {
    version: record.candidate.version,
    starts: starts.length,
    startMs,
    loadMs: of('model_loaded_ms'),
    fetchMs: of('fetch_ms'),
    runMs: of('second_run_ms') ?? of('first_run_ms'),
    initMs: p95(({ platform }) => platform?.init_ms) ?? of('init_ms'),
    peakMb: peaks.length > 0 ? Math.max(...peaks) : undefined,
  };
}
