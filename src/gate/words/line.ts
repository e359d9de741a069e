import { fewestStarts } from '../rule/options.ts';
import { suggestedCap } from '../rule/suggested-cap.ts';
import type { MetricVerdict, Reason, VerdictWord } from '../rule/verdict.ts';
import type { VerdictInput } from '../rule/verdict-input.ts';
import { middleOf } from '../rule/zone.ts';
import { change, ms, percent, signedMs, signedPercent, starts } from './number-words.ts';

/** How the verdict is spelt in human-readable output. */
export const verdictWords: Record<VerdictWord, string> = {
  pass: 'PASS',
  regression: 'BLOCK',
  inconclusive: 'INCONCLUSIVE',
  error: 'ERROR',
};

const versus = (input: VerdictInput) => input.names.baseline ?? 'the baseline';

/** `+5 %`, or `+10 ms` where the floor is the larger one at this baseline. */
const edge = (fraction: number, floorMs: number, baseline: number | null): string =>
  baseline !== null && floorMs > fraction * baseline ? `+${ms(floorMs)} ms` : signedPercent(fraction);

const toleratedEdge = ({ zone, decisive }: VerdictInput) =>
  edge(zone.tolerance, zone.toleranceMs, decisive.median.baseline);
const limitEdge = ({ zone, decisive }: VerdictInput) => edge(zone.limit, zone.limitMs, decisive.median.baseline);

/** `+31 %`, followed by the ms where these are what decides. */
function moved(metric: MetricVerdict, bound: string): string {
  const { candidate, baseline } = metric.median;
  const inMs = bound.endsWith('ms') && candidate !== null && baseline !== null;
  return inMs ? `${change(metric.ratio)}, ${signedMs(candidate - baseline)}` : change(metric.ratio);
}

const range = (m: MetricVerdict) =>
  m.lower === null && m.upper === null ? 'not bounded' : `${change(m.lower)} to ${change(m.upper)}`;
const timedOut = (m: MetricVerdict) => `${m.timeouts.candidate} of ${m.n.candidate} starts timed out`;

/** Slow starts of both arms, as a clause. */
export const slowClause = (input: VerdictInput): string => {
  const { slow, n } = input.decisive;
  return `${slow.candidate} of ${n.candidate} starts took more than twice the usual, ${slow.baseline} of ${n.baseline} with ${versus(input)}`;
};

function shift(input: VerdictInput): string {
  const m = input.decisive;
  if (m.ratio === null) return `${timedOut(m)}, ${m.timeouts.baseline} of ${m.n.baseline} with ${versus(input)}`;
  const bound = toleratedEdge(input);
  const by = bound.endsWith('ms') ? moved(m, bound) : percent(m.ratio - 1);
  const least = m.lower === null ? '' : `at least ${change(m.lower)}, `;
  return `${by} slower than ${versus(input)} (${least}tolerated ${bound}) - ${starts(m.n)}`;
}

function slo({ slo: bound, decisive }: VerdictInput): string {
  if (bound === null) return timedOut(decisive);
  return `${bound.over} of ${bound.n} starts over the SLO of ${ms(bound.ms)} ms: the p95 is provably above it`;
}

function clear(input: VerdictInput): string {
  const m = input.decisive;
  const bound = limitEdge(input);
  const most = m.upper === null ? '' : `at most ${change(m.upper)}, `;
  return `${moved(m, bound)} (${most}limit ${bound}) - ${starts(m.n)}`;
}

/** Why the samples did not decide it. */
function doubt(input: VerdictInput): string {
  const m = input.decisive;
  if (!input.final) return 'not clear yet';
  if (m.held) return slowClause(input);
  const spread = m.spread === null ? '' : `spread ${percent(m.spread)}, `;
  const cap = suggestedCap(m.spread);
  if (input.source === 'given') return `${spread}${cap} starts of each decide most releases`;
  if (cap > input.options.maxSamples) return `${spread}set max-samples: ${cap}`;
  return `${spread}too near to tolerated ${toleratedEdge(input)} or limit ${limitEdge(input)}`;
}

function unsure(input: VerdictInput): string {
  const m = input.decisive;
  const each = m.n.candidate === m.n.baseline ? `${m.n.candidate} each` : `${m.n.candidate} and ${m.n.baseline}`;
  const allowed = input.verdict === 'pass' ? 'passed without proof (on-inconclusive: pass), ' : '';
  return `${allowed}${change(m.ratio)} (${range(m)}) after ${each}: ${doubt(input)}`;
}

function lean(input: VerdictInput): string {
  const m = input.decisive;
  const side = input.verdict === 'pass' ? 'below' : 'above';
  const middle = signedPercent(middleOf(input.zone) - 1);
  return `leaning, ${change(m.ratio)} (${range(m)}) is ${side} the middle of ${middle} - ${starts(m.n)}`;
}

function tooFew({ decisive: m }: VerdictInput): string {
  return `only ${m.n.candidate} and ${m.n.baseline} valid cold starts, ${fewestStarts} of each are needed to decide`;
}

function noSamples(input: VerdictInput): string {
  const m = input.decisive;
  const candidate = m.n.candidate === 0 || input.baseline === 'none';
  const n = candidate ? m.n.candidate : m.n.baseline;
  const which = candidate ? 'the candidate' : versus(input);
  return n > 0 ? `no cold start of ${which} finished, ${timedOut(m)}` : `no valid cold start of ${which}`;
}

function noBaseline({ slo: bound, decisive: m }: VerdictInput): string {
  const each = `${m.n.candidate} cold starts`;
  if (bound === null) return `no live version to compare with, median ${ms(m.median.candidate ?? 0)} ms - ${each}`;
  const over = `${bound.over} of ${bound.n} over the SLO of ${ms(bound.ms)} ms`;
  return `no live version to compare with, ${over} (at most ${percent(bound.upperShare)} of all) - ${each}`;
}

const bodies: Record<Reason, (input: VerdictInput) => string> = {
  shift,
  tail: (input) => `${slowClause(input)} (whole arm ${change(input.decisive.ratio)})`,
  slo,
  clear,
  unsure,
  'no-baseline': noBaseline,
  'no-samples': noSamples,
  'too-few-samples': tooFew,
  'lean-pass': lean,
  'lean-block': lean,
  unproven: () => 'the starts did not prove what they should',
};

/** The verdict in one line: `BLOCK model_loaded_ms: 31 % slower than v41 (at least +17 %, tolerated +5 %) - …`. */
export function headline(input: VerdictInput): string {
  const stored = input.baseline === 'stored' ? ' (stored baseline: drift not controlled)' : '';
  return `${verdictWords[input.verdict]} ${input.decisive.metric}: ${bodies[input.reason](input)}${stored}`;
}
