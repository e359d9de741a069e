import { adviceFor } from '../words/advice.ts';
import { headline } from '../words/line.ts';
import { sloTail, totalLevels } from './decide-metric.ts';
import { describeArms } from './judge-metric.ts';
import { metrics as allMetrics, type Metric } from './sample.ts';
import { sloOf } from './slo.ts';
import { validValues } from './values.ts';
import type { ArmValues, MetricVerdict, Reason, Verdict, VerdictWord } from './verdict.ts';
import type { Rule } from './verdict-input.ts';

/** Only time-outs are slower than this. */
const anyTime = Number.MAX_VALUE;

/**
 * Without a live version there is nothing to be slower than: only the SLO is checked, once, with its whole level. A
 * start that timed out is over every SLO, so a candidate that keeps timing out does not pass where none is set either.
 */
function judgeFirst(values: readonly number[], sloMs: number): [VerdictWord, Reason, number | null] {
  if (!values.some(Number.isFinite)) return ['error', 'no-samples', null];
  const p = sloTail(values, sloMs);
  return p <= totalLevels.slo ? ['regression', 'slo', p] : ['pass', 'no-baseline', p];
}

function judgeMetrics({ options }: Rule, candidate: ArmValues): MetricVerdict[] {
  const shown = (m: Metric) => !options.metrics.includes(m) && validValues(candidate[m]).some(Number.isFinite);
  return [...options.metrics, ...allMetrics.filter(shown)].map((metric, index) => {
    const values = validValues(candidate[metric]);
    const gating = index < options.metrics.length;
    const [verdict, reason, slo] = judgeFirst(values, index === 0 ? (options.sloMs ?? anyTime) : anyTime);
    const known = describeArms({ metric, gating }, values, []);
    return { ...known, verdict, reason, p: { ...known.p, slo } };
  });
}

/** First release: no live version to compare with. */
export function judgeAlone(rule: Rule, candidate: ArmValues): Verdict {
  const metrics = judgeMetrics(rule, candidate);
  const gating = metrics.filter((m) => m.gating);
  const of = (word: VerdictWord) => gating.find((m) => m.verdict === word);
  const decisive = of('error') ?? of('regression') ?? gating[0]!;
  const facts = {
    verdict: decisive.verdict,
    reason: decisive.reason,
    metrics,
    slo: sloOf(rule.options, candidate),
    baseline: 'none' as const,
    phases: [],
    look: 1,
    looks: [decisive.n.candidate],
    spent: 1,
  };
  const input = { ...facts, decisive, final: true, ...rule };
  return { ...facts, line: headline(input), advice: adviceFor(input) };
}
