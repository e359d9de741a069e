import { adviceFor } from '../words/advice.ts';
import { headline } from '../words/line.ts';
import { judgeAlone } from './judge-alone.ts';
import { judgeMetric } from './judge-metric.ts';
import { checkOptions, fewestStarts, type GateOptions } from './options.ts';
import { phaseShifts } from './phases.ts';
import { metrics as allMetrics, type Metric } from './sample.ts';
import { sloOf } from './slo.ts';
import { validValues } from './values.ts';
import type { ArmValues, Gate, MetricVerdict, Reason, Verdict, VerdictWord } from './verdict.ts';
import type { ArmNames, Rule, SampleSource } from './verdict-input.ts';
import { middleOf, type Zone, zoneOf } from './zone.ts';

export interface Outcome {
  verdict: VerdictWord;
  reason: Reason;
  /** The metric that decided it. */
  metric: MetricVerdict;
}

const of = (word: VerdictWord, metrics: readonly MetricVerdict[]) => metrics.find((m) => m.verdict === word);

/** Passing needs all gating metrics, one is enough to block; a failed measurement is neither. */
function combine(metrics: readonly MetricVerdict[]): Outcome {
  const gating = metrics.filter((m) => m.gating);
  const unsure = gating.filter((m) => m.verdict === 'inconclusive');
  const metric =
    of('error', gating) ??
    of('regression', gating) ??
    unsure.find((m) => m.reason === 'too-few-samples') ??
    unsure[0] ??
    gating[0];
  if (!metric) throw new RangeError('a gate needs at least one metric');
  return { verdict: metric.verdict, reason: metric.reason, metric };
}

/**
 * What an unsure verdict does at the end (`on-inconclusive`). `lean` decides by the side of the zone's middle that the
 * ratio is on. Too few starts are no evidence for either side and stay inconclusive.
 */
export function settle(
  outcome: Outcome,
  metrics: readonly MetricVerdict[],
  onInconclusive: GateOptions['onInconclusive'],
  zone: Zone,
): Outcome {
  if (outcome.verdict !== 'inconclusive' || outcome.reason !== 'unsure' || onInconclusive === 'fail') return outcome;
  if (onInconclusive === 'pass') return { ...outcome, verdict: 'pass' };
  const unsure = metrics.filter((m) => m.gating && m.verdict === 'inconclusive');
  const slower = unsure.find((m) => m.ratio === null || m.ratio > middleOf(zone));
  if (slower) return { verdict: 'regression', reason: 'lean-block', metric: slower };
  return { ...outcome, verdict: 'pass', reason: 'lean-pass' };
}

/** Valid starts an arm at which the gate looks: 1/3, 1/2, 2/3 and all of the cap, none below 7. 30: 10, 15, 20, 30. */
export function looksOf(maxSamples: number): number[] {
  const all = [maxSamples / 3, maxSamples / 2, (maxSamples * 2) / 3, maxSamples].map(Math.ceil);
  return [...new Set(all)].filter((n) => n >= fewestStarts);
}

/**
 * Share of the error levels that may have been spent once the smaller arm has n of `maxSamples` starts: t squared
 * (power family with rho = 2, Kim and DeMets, Biometrika 1987). The shares of all looks add up to 1 at the cap, so by
 * the union bound the total error holds however often one looks.
 */
export const spentAt = (n: number, maxSamples: number): number => Math.min(1, n / maxSamples) ** 2;

/** 1-based number of the first look that has not been spent; one more than there are looks when none is left. */
export const nextLook = (looks: readonly number[], maxSamples: number, spent: number): number =>
  1 + looks.filter((n) => spentAt(n, maxSamples) <= spent + 1e-12).length;

/** One asking of the gate. */
interface Look {
  look: number;
  looks: number[];
  /** Share of the total error for a metric that counts n starts. */
  share(n: number): number;
  /** Share spent after this look: that of the metric which has the most starts. */
  spent(n: number): number;
  final(n: number): boolean;
}

/**
 * The number of starts that determines a look's share of the error: that of the smaller arm. A stored baseline does not
 * grow, so with one the candidate's number counts.
 */
const counted = (options: GateOptions, candidate: number, baseline: number): number =>
  options.baseline === 'stored' ? candidate : Math.min(candidate, baseline);

/** Gating metrics first; others only where at least one arm has a finished start to show. */
function judgeMetrics(rule: Rule, candidate: ArmValues, baseline: ArmValues, at: Look): MetricVerdict[] {
  const { options, zone } = rule;
  const shown = (metric: Metric) =>
    [candidate, baseline].every((arm) => validValues(arm[metric]).length > 0) &&
    [candidate, baseline].some((arm) => validValues(arm[metric]).some(Number.isFinite));
  const judged = [...options.metrics, ...allMetrics.filter((m) => !options.metrics.includes(m) && shown(m))];
  return judged.map((metric, index) => {
    const gating = index < options.metrics.length;
    const among = gating ? options.metrics.length : 1;
    const sloMs = index === 0 ? options.sloMs : undefined;
    const [c, b] = [validValues(candidate[metric]), validValues(baseline[metric])];
    const share = at.share(counted(options, c.length, b.length));
    return judgeMetric({ metric, gating, among, zone, share, sloMs }, c, b);
  });
}

function compare(
  rule: Rule,
  candidate: ArmValues,
  baseline: ArmValues,
  at: Look,
): { verdict: Verdict; final: boolean } {
  const metrics = judgeMetrics(rule, candidate, baseline, at);
  const starts = metrics.filter((m) => m.gating).map((m) => counted(rule.options, m.n.candidate, m.n.baseline));
  const first = combine(metrics);
  const final = first.verdict !== 'inconclusive' || at.final(Math.min(...starts));
  const outcome: Outcome = final ? settle(first, metrics, rule.options.onInconclusive, rule.zone) : first;
  const facts = {
    verdict: outcome.verdict,
    reason: outcome.reason,
    metrics,
    slo: sloOf(rule.options, candidate),
    baseline: rule.options.baseline,
    phases: phaseShifts(candidate, baseline),
    look: at.look,
    looks: at.looks,
    spent: at.spent(Math.max(...starts)),
  };
  const input = { ...facts, decisive: outcome.metric, final, ...rule };
  return { verdict: { ...facts, line: headline(input), advice: adviceFor(input) }, final };
}

/**
 * The rule of docs/gate.md. Throws InputError `bad-gate-options` for options outside their bounds.
 * The result is pure: the same values, look and spent error always give the same verdict.
 */
export function createGate(options: GateOptions, names: ArmNames = {}, source: SampleSource = 'measured'): Gate {
  checkOptions(options);
  const rule = { options, zone: zoneOf(options), names, source };
  const max = options.maxSamples;
  const looks = looksOf(max);
  return {
    looks,
    judge(candidate, baseline, look, spent = look > 1 ? spentAt(looks[look - 2] ?? max, max) : 0) {
      // A planned look counts as spent even where some starts lacked the metric, so that the next one is further on.
      const planned = look < looks.length ? spentAt(looks[look - 1] ?? 0, max) : 0;
      const at: Look = {
        look,
        looks,
        share: (n) => (n < fewestStarts ? 0 : Math.max(0, spentAt(n, max) - spent)),
        spent: (n) => Math.max(spent, planned, n < fewestStarts ? 0 : spentAt(n, max)),
        final: (n) => look >= looks.length || n >= max,
      };
      return compare(rule, candidate, baseline, at);
    },
    judgeOnce(candidate, baseline) {
      const at = { look: 1, share: () => 1, spent: () => 1, final: () => true };
      const arms = options.metrics.flatMap((m) => [candidate[m], baseline[m]]);
      const n = Math.min(...arms.map((values) => validValues(values).length));
      return compare(rule, candidate, baseline, { ...at, looks: [n] }).verdict;
    },
    judgeAlone: (candidate) => judgeAlone(rule, candidate),
    nextLook: (spent) => nextLook(looks, max, spent),
  };
}
