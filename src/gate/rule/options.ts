import { InputError, type Problem } from '../../errors.ts';
import { metrics as knownMetrics, type Metric } from './sample.ts';

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
  /** What an unsure verdict does to the rollout: `lean` decides by the side of the middle that the ratio is on. */
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

/** Starts an arm that are judged at most: the work of the exact rank law grows as n^3, from 0.05 s at 100 x 100. */
export const maxStarts = 100;
/** Fewer valid starts an arm decide nothing: below 7 x 7 no sound rule has the power (docs/gate.md). */
export const fewestStarts = 7;

type Bound = [field: keyof GateOptions, name: string, expected: string, fits: (value: number) => boolean];

const whole = (low: number, high: number) => (v: number) => Number.isInteger(v) && v >= low && v <= high;
const bounds: Bound[] = [
  ['tolerance', 'tolerance', 'a share from 0 to 10, such as 5% or 0.05', (v) => v >= 0 && v <= 10],
  ['limit', 'limit', 'a share up to 10, such as 25% or 0.25', (v) => v > 0 && v <= 10],
  ['minEffectMs', 'min-effect-ms', 'ms, from 0 to 60000', (v) => v >= 0 && v <= 60_000],
  ['maxSamples', 'max-samples', `a whole number from ${fewestStarts} to ${maxStarts}`, whole(fewestStarts, maxStarts)],
  ['sloMs', 'slo-ms', 'ms, more than 0', (v) => v > 0 && v < Infinity],
  ['discard', 'discard', 'a whole number from 0 to 20', whole(0, 20)],
  ['maxSeconds', 'max-seconds', 'seconds, more than 0', (v) => v > 0 && v < Infinity],
  ['timeoutSeconds', 'timeout-seconds', 'seconds, more than 0', (v) => v > 0 && v < Infinity],
];

/** Everything wrong with the values of these options; paths are the words of `gate:` in models.yaml. */
export function optionProblems(options: GateOptions): Problem[] {
  const problems: Problem[] = bounds.flatMap(([field, path, expected, fits]) => {
    const value = options[field];
    if (value === undefined && field === 'sloMs') return [];
    return typeof value === 'number' && fits(value) ? [] : [{ path, message: `expected ${expected}, got ${value}.` }];
  });
  if (options.tolerance >= options.limit) {
    const message = `expected more than the tolerance of ${options.tolerance}, got ${options.limit}.`;
    problems.push({ path: 'limit', message, hint: 'Between the two either answer is right, so there must be room.' });
  }
  const unknown = options.metrics.filter((m, at) => !knownMetrics.includes(m) || options.metrics.indexOf(m) !== at);
  if (options.metrics.length === 0 || unknown.length > 0) {
    const got = unknown.length > 0 ? unknown.join(', ') : 'none';
    problems.push({
      path: 'metric',
      message: `expected one or more of ${knownMetrics.join(', ')}, each once, got ${got}.`,
    });
  }
  return problems;
}

/** Throws InputError `bad-gate-options` with every problem at once. */
export function checkOptions(options: GateOptions): void {
  const problems = optionProblems(options);
  if (problems.length > 0) throw new InputError(problems, { code: 'bad-gate-options' });
}
