import { adviceFor } from '../words/advice.ts';
import { headline } from '../words/line.ts';
import { combine, type Outcome, settle } from './combine.ts';
import { judgeAlone } from './judge-alone.ts';
import { judgeMetric } from './judge-metric.ts';
import { looksOf, nextLook, spentAt } from './looks.ts';
import { checkOptions, fewestStarts, type GateOptions } from './options.ts';
import { phaseShifts } from './phases.ts';
import { metrics as allMetrics, type Metric } from './sample.ts';
import { sloOf } from './slo.ts';
import { validValues } from './values.ts';
import type { ArmValues, Gate, MetricVerdict, Verdict } from './verdict.ts';
import type { ArmNames, Rule, SampleSource } from './verdict-input.ts';
import { zoneOf } from './zone.ts';

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
 * Starts that a look's share of the error is reckoned by: those of the smaller arm. A stored baseline does not grow, so
 * there it is the candidate that tells how far the measurement has come.
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
