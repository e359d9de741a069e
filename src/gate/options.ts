import type { Metric } from './sample.ts';

/** The gate's settings, in the words of `gate:` in models.yaml (there in kebab-case). */
export interface GateOptions {
  /** First is the default gating metric; each further one divides the error levels by their number (Bonferroni). */
  metrics: Metric[];
  /** Slowdown that never blocks, as a fraction: 0.05. */
  tolerance: number;
  /** Slowdown that must not pass, as a fraction: 0.25. */
  limit: number;
  /** Absolute slowdown that never blocks, ms; the limit's own floor is twice this. */
  minEffectMs: number;
  /** Cap of valid starts an arm. */
  maxSamples: number;
  /** Absolute bound for the p95 of the candidate, ms. */
  sloMs?: number | undefined;
  /** What an unsure verdict does to the rollout: `lean` decides by the side of the middle that the ratio lies on. */
  onInconclusive: 'fail' | 'lean' | 'pass';
  /** `stored` compares with the recorded samples of the live version: drift is not controlled, the zone is wider. */
  baseline: 'interleaved' | 'stored';
  /** First starts of each arm that are reported apart and not judged. */
  discard: number;
  /** Ends the measurement after this long, seconds. */
  maxSeconds: number;
  /** A start slower than this counts as a time-out (slower than all), seconds. */
  timeoutSeconds: number;
}

export const gateDefaults: GateOptions = {
  metrics: ['model_loaded_ms'],
  tolerance: 0.05,
  limit: 0.25,
  minEffectMs: 10,
  maxSamples: 30,
  onInconclusive: 'fail',
  baseline: 'interleaved',
  discard: 2,
  maxSeconds: 900,
  timeoutSeconds: 60,
};
