import type { QualityMetricSettings } from '../../config/types.ts';
import { decideQuality } from '../../gate/quality/decide.ts';
import { isShare, type QualityOptions } from '../../gate/quality/options.ts';
import type { Changed, QualityMetricRecord, QualityRecord } from '../../gate/quality/record.ts';
import { metricFacts } from '../../gate/quality/report.ts';
import type { QualitySamples } from '../../gate/quality/samples.ts';
import type { VerdictWord } from '../../gate/rule/verdict.ts';
import type { Outcome } from './arm.ts';
import type { Survey } from './survey.ts';

/** Answers of the same items in the same order; no live version at a first release. */
export interface Answered {
  live: readonly Outcome[] | undefined;
  candidate: readonly Outcome[];
}

/** Of one metric, the value of each item; `null` without an answer. */
const valuesOf = (outcomes: readonly Outcome[], at: number): (number | null)[] =>
  outcomes.map((outcome) => outcome[at]?.value ?? null);

const saidOf = (outcomes: readonly Outcome[], at: number): (string | null)[] =>
  outcomes.map((outcome) => {
    const one = outcome[at];
    return one && one.value !== null ? (one.predicted ?? null) : null;
  });

/** Items that belong together become one, of their mean; without an answer are those of which no item has one. */
function grouped(values: readonly (number | null)[], groups: readonly (string | undefined)[], worst: number) {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const [at, value] of values.entries()) {
    const name = groups[at] === undefined ? `item ${at}` : `group ${groups[at]}`;
    const found = sums.get(name) ?? { sum: 0, count: 0 };
    found.sum += value ?? worst;
    found.count += 1;
    sums.set(name, found);
  }
  return [...sums.values()].map(({ sum, count }) => sum / count);
}

export const isGrouped = ({ groups }: Survey): boolean => groups.some((group) => group !== undefined);

/** What the rule judges of one metric. */
function samplesOf(answered: Answered, at: number, survey: Survey, options: QualityOptions): QualitySamples {
  const { live, candidate } = answered;
  const classes = survey.classes[at];
  if (classes) {
    return {
      kind: 'classes',
      expected: classes,
      live: live ? saidOf(live, at) : null,
      candidate: saidOf(candidate, at),
      options,
    };
  }
  const share = isShare(options.metric);
  const plain = { live: live ? valuesOf(live, at) : null, candidate: valuesOf(candidate, at) };
  if (!isGrouped(survey)) return { kind: share ? 'binary' : 'numeric', ...plain, options };
  // A share of a group is a number from 0 to 1: what is wrong of it is a loss.
  const losses = (values: (number | null)[]) =>
    grouped(
      values.map((value) => (share && value !== null ? 1 - value : value)),
      survey.groups,
      share ? 1 : (options.cap as number),
    );
  const cap = share ? { cap: 1 } : {};
  return {
    kind: 'numeric',
    live: plain.live && losses(plain.live),
    candidate: losses(plain.candidate),
    options: { ...options, ...cap },
  };
}

/** Options of each metric with what follows from the examples. */
export const openOptions = (
  metrics: readonly QualityMetricSettings[],
  survey: Pick<Survey, 'dullest'>,
  look: number,
): QualityOptions[] =>
  metrics.map(({ options }, at) => {
    const cap = options.cap ?? survey.dullest[at] ?? (isShare(options.metric) ? undefined : 1);
    return { ...options, look, cap };
  });

/** The verdict of each metric, in the order of models.yaml. */
export function judgeMetrics(
  metrics: readonly QualityMetricSettings[],
  answered: Answered,
  survey: Survey,
  look: number,
): QualityMetricRecord[] {
  return openOptions(metrics, survey, look).map((options, at) => {
    const facts = metricFacts(decideQuality(samplesOf(answered, at, survey, options)));
    const failed = { live: failures(answered.live, at), candidate: failures(answered.candidate, at) };
    const candidate = facts.candidate ?? meanOf(answered.candidate, at, options);
    const { decides, output = null, k } = metrics[at]!;
    return { decides, output, k, ...facts, candidate, failed, options };
  });
}

/**
 * A load-optimised form against the model as published, by the first metric. It may lose half of what a release may, since
 * both losses add up.
 */
export function judgeForm(
  first: QualityMetricSettings,
  { candidate }: Answered,
  { form, published }: { form: string; published: readonly Outcome[] },
  survey: Survey,
): QualityMetricRecord {
  const { tolerance, limit } = first.options;
  const half = limit / 2 > tolerance ? limit / 2 : limit;
  const options = { ...first.options, gating: 1, limit: half, atLeast: undefined, atMost: undefined };
  const [found] = judgeMetrics([{ ...first, options, decides: true }], { live: published, candidate }, survey, 1);
  const { metric, line, ...facts } = found as QualityMetricRecord;
  const name = `${metric} of the ${form} form`;
  const words = line.replace(`${metric}:`, `${name}:`).replace('the live version', 'the model as published');
  return { ...facts, metric: name, line: words };
}

/** What a first release reaches, though there is nothing to hold it against; of macro-F1 nothing is said then. */
function meanOf(outcomes: readonly Outcome[], at: number, { metric, cap }: QualityOptions): number | null {
  if (metric === 'macro-f1' || outcomes.length === 0) return null;
  const worst = isShare(metric) ? 0 : (cap ?? 1);
  const values = valuesOf(outcomes, at).map((value) => value ?? worst);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const failures = (outcomes: readonly Outcome[] | undefined, at: number): number =>
  outcomes?.filter((outcome) => outcome[at]?.value === null).length ?? 0;

const order: readonly VerdictWord[] = ['error', 'regression', 'inconclusive', 'pass'];

/** The worst of the metrics that decide; a pass needs all of them. */
export function jointVerdict(metrics: readonly QualityMetricRecord[]): QualityRecord['verdict'] {
  const deciding = metrics.filter(({ decides }) => decides);
  const worst = order.map((word) => deciding.find(({ verdict }) => verdict === word)).find(Boolean) ?? metrics[0]!;
  const { verdict, reason, line } = worst;
  return { verdict, reason, line, advice: '' };
}

/** Of a record; a file of examples may have a million. */
const maxIds = 1000;
const maxMoves = 50;
const maxPairs = 400;

/** Items that came off worse or better by the first metric, by id. */
export function changedItems({ live, candidate }: Answered, { ids }: Survey, options: QualityOptions): Changed {
  const sign = isShare(options.metric) ? 1 : -1;
  const worth = (outcome: Outcome | undefined) => {
    const value = outcome?.[0]?.value ?? null;
    return value === null ? (sign > 0 ? 0 : -Infinity) : sign * value;
  };
  const changed = (wanted: number) =>
    ids.filter((_, at) => live && Math.sign(worth(candidate[at]) - worth(live[at])) === wanted);
  const [lost, gained] = [changed(-1), changed(1)];
  return {
    lost: lost.slice(0, maxIds),
    gained: gained.slice(0, maxIds),
    more: { lost: Math.max(0, lost.length - maxIds), gained: Math.max(0, gained.length - maxIds) },
  };
}

/** What the candidate says in place of what the live version said, the most frequent first. */
export function movesOf({ live, candidate }: Answered): QualityRecord['moves'] {
  const counts = new Map<string, { from: string; to: string; count: number }>();
  const [before, now] = [live ? saidOf(live, 0) : [], saidOf(candidate, 0)];
  for (const [at, from] of before.entries()) {
    const to = now[at];
    if (from === null || to === null || to === undefined || from === to) continue;
    const found = counts.get(`${from}\0${to}`) ?? { from: from.slice(0, 60), to: to.slice(0, 60), count: 0 };
    found.count += 1;
    counts.set(`${from}\0${to}`, found);
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).slice(0, maxMoves);
}

/** Losses of both arms for the picture: evenly from the whole file. */
export function pairsOf({ live, candidate }: Answered, { metric }: QualityOptions): [number, number][] {
  if (!live || isShare(metric)) return [];
  const [before, now] = [valuesOf(live, 0), valuesOf(candidate, 0)];
  const all = before.flatMap((value, at): [number, number][] =>
    value === null || now[at] == null ? [] : [[value, now[at]]],
  );
  const step = Math.max(1, Math.ceil(all.length / maxPairs));
  return all.filter((_, at) => at % step === 0);
}

/** Why items got no answer, the most frequent first. */
export function failuresOf(answered: Answered): QualityRecord['failures'] {
  return (['candidate', 'live'] as const).flatMap((arm) => {
    const counts = new Map<string, number>();
    for (const outcome of answered[arm] ?? []) {
      const failed = outcome.find((one) => one.value === null);
      if (failed?.value === null) counts.set(failed.why.slice(0, 300), (counts.get(failed.why.slice(0, 300)) ?? 0) + 1);
    }
    const sorted = [...counts].sort(([, a], [, b]) => b - a).slice(0, 5);
    return sorted.map(([why, count]) => ({ arm, why, count }));
  });
}
