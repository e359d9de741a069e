import type { VerdictWord } from '../rule/verdict.ts';
import { blocks, type Judgement, passes, type QualityReason, type QualityVerdict } from './judgement.ts';
import { judgeLosses } from './losses.ts';
import { judgeClasses } from './macro-f1.ts';
import { fewestToPass, isShare, type QualityOptions } from './options.ts';
import type { QualitySamples } from './samples.ts';
import { judgeAgainst, judgePairs, type Right } from './shares.ts';
import { qualityLine } from './words.ts';

const failures = (outcomes: readonly (number | string | null)[] | null) =>
  outcomes?.filter((value) => value === null).length ?? 0;

/** Why these outcomes cannot be compared; undefined where they can. */
function incomparable({ live, candidate }: QualitySamples): QualityReason | undefined {
  if (candidate.length === 0) return 'no-samples';
  if (live === null) return undefined;
  if (live.length !== candidate.length) return live.length === 0 ? 'no-samples' : 'unequal-samples';
  return failures(live) === live.length ? 'live-failed' : undefined;
}

function judge(samples: QualitySamples): Judgement | undefined {
  const { kind, options } = samples;
  if (kind === 'binary') {
    const { live, candidate } = samples;
    if (live !== null) return judgePairs(live as Right[], candidate as Right[], options);
    return options.atLeast === undefined ? undefined : judgeAgainst(options.atLeast, candidate as Right[], options);
  }
  if (kind === 'classes') {
    return samples.live === null && options.atLeast === undefined ? undefined : judgeClasses(samples);
  }
  const { live, candidate } = samples;
  const atMost = options.atMost ?? (options.atLeast === undefined ? undefined : 1 - options.atLeast);
  if (live === null && atMost === undefined) return undefined;
  const found = judgeLosses(live ?? candidate.map(() => atMost as number), candidate, options);
  // Shares of groups are judged as losses, and shown as what is right.
  const shown = isShare(options.metric) ? (mean: number) => 1 - mean : (mean: number) => mean;
  const before = live === null || found.live === null ? null : shown(found.live);
  return { ...found, live: before, candidate: shown(found.candidate) };
}

/** Rounded up to two digits. */
function roundedUp(n: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(n)) - 1);
  return Math.ceil(n / unit - 1e-9) * unit;
}

/**
 * How many items would do, as normal laws at these levels would have it; `null` where the estimate is in the middle of
 * nowhere. A relative margin is turned into a loss by the live version's mean.
 */
export function itemsThatDecide(judgement: Judgement, options: QualityOptions): number | null {
  const { estimate, variance, live } = judgement;
  // Of counts of classes no law says it.
  if (estimate === null || options.metric === 'macro-f1') return null;
  const unit = options.margin === 'relative' ? (live ?? options.atMost ?? 0) : 1;
  const cap = options.cap ?? 1;
  const [seen, tolerance, limit] = [estimate * unit, options.tolerance * unit, options.limit * unit];
  const floor = isShare(options.metric) ? fewestToPass(options.limit) : Math.ceil((4.6 * cap) / limit);
  const needs: number[] = [];
  if (seen < limit) needs.push(Math.max(variance * (3.17 / (limit - seen)) ** 2 + (2.3 * cap) / limit, floor));
  if (seen > tolerance)
    needs.push(variance * (2.8 / (seen - tolerance)) ** 2 + (1.84 * cap) / Math.max(seen, 0.01 * cap));
  const least = Math.min(...needs);
  return Number.isFinite(least) ? Math.max(roundedUp(least), judgement.n + 1) : null;
}

/** What an unsure verdict does to the rollout; too few items are no evidence for either side. */
function settle(judgement: Judgement, options: QualityOptions): [VerdictWord, QualityReason] {
  const { onInconclusive, tolerance, limit } = options;
  if (onInconclusive === 'fail') return ['inconclusive', 'unsure'];
  if (onInconclusive === 'pass') return ['pass', 'unsure'];
  const middle = (tolerance + limit) / 2;
  const isBelow = judgement.estimate !== null && judgement.estimate <= middle;
  return isBelow ? ['pass', 'lean-pass'] : ['regression', 'lean-block'];
}

/** In this order: error, the floor of items, regression, pass, inconclusive. */
function verdictOf(judgement: Judgement, options: QualityOptions): [VerdictWord, QualityReason] {
  if (judgement.n < options.minSamples) return ['inconclusive', 'too-few-samples'];
  if (blocks(judgement)) return ['regression', 'worse'];
  if (passes(judgement)) return ['pass', 'clear'];
  return settle(judgement, options);
}

/**
 * Decides about quality from outcomes of the same items, in one look. Pure and without random draws: the same outcomes
 * always give the same verdict. See docs/quality.md for the rule and what it promises.
 */
export function decideQuality(samples: QualitySamples): QualityVerdict {
  const { candidate, live, options } = samples;
  const base = {
    metric: options.metric,
    n: candidate.length,
    failed: { live: failures(live), candidate: failures(candidate) },
    options,
  };
  const worded = (verdict: VerdictWord, reason: QualityReason, judgement: Judgement | null, wouldDo: number | null) => {
    const found = { ...base, verdict, reason, judgement, wouldDo };
    return { ...found, line: qualityLine(found) };
  };
  const trouble = incomparable(samples);
  if (trouble) return worded('error', trouble, null, null);
  const judgement = judge(samples);
  if (!judgement) return worded('pass', 'no-baseline', null, null);
  const [verdict, reason] = verdictOf(judgement, options);
  const open = reason === 'unsure' || reason === 'too-few-samples' || reason === 'lean-pass' || reason === 'lean-block';
  return worded(verdict, reason, judgement, open ? itemsThatDecide(judgement, options) : null);
}
