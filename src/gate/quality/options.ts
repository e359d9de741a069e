import type { Problem } from '../../errors.ts';

/** Metrics that are right or wrong for each item, those that are a loss for each item, and those of counts of classes. */
export const shareMetrics = ['accuracy', 'exact', 'top-k'] as const;
export const lossMetrics = ['mae', 'rmse', 'cosine', 'cer', 'loss'] as const;
export const classMetrics = ['macro-f1'] as const;
export type QualityMetric =
  | (typeof shareMetrics)[number]
  | (typeof lossMetrics)[number]
  | (typeof classMetrics)[number];

/** Settings of the quality gate, in the words of `quality:` in models.yaml. */
export interface QualityOptions {
  metric: QualityMetric;
  /** A loss of quality that never blocks: a share of the items, or of the live version's mean loss, or a loss. */
  tolerance: number;
  /** A loss of quality that must not pass. */
  limit: number;
  /** `relative`: tolerance and limit are shares of the live version's mean loss. Of right or wrong: always absolute. */
  margin: 'absolute' | 'relative';
  /** From this loss on an answer is simply wrong. Without it no mean can be bounded (Bahadur, Savage 1956). */
  cap?: number | undefined;
  /** Stands for a live version at a first release: the share that has to be right. */
  atLeast?: number | undefined;
  /** The same for losses: the mean loss that is allowed. */
  atMost?: number | undefined;
  /** How many metrics decide together; each blocks at its level divided by this number (Bonferroni). */
  gating: number;
  /** Items below which nothing is decided. */
  minSamples: number;
  /** 1-based: the j-th look at one candidate after more items has levels / 2^(j-1). */
  look: number;
  onInconclusive: 'fail' | 'lean' | 'pass';
}

/** Fewest items for which the error levels are shown to hold. */
export const fewestItems = 20;
export const levels = { block: 0.025, pass: 0.01 };

const isRelative = (metric: QualityMetric) => metric === 'mae' || metric === 'rmse' || metric === 'loss';

/** What applies where `quality:` leaves it open. */
export function qualityDefaults(
  metric: QualityMetric,
  margin = isRelative(metric) ? 'relative' : 'absolute',
): QualityOptions {
  const shares = margin === 'relative' ? { tolerance: 0.05, limit: 0.25 } : { tolerance: 0.005, limit: 0.04 };
  const capped = metric === 'cer' || metric === 'cosine';
  return {
    metric,
    margin: margin as QualityOptions['margin'],
    ...shares,
    cap: capped ? 1 : undefined,
    gating: 1,
    minSamples: fewestItems,
    look: 1,
    onInconclusive: 'fail',
  };
}

/** Shares of what is right: of the items, or of each class. */
export const isShare = (metric: QualityMetric): boolean =>
  ([...shareMetrics, ...classMetrics] as readonly string[]).includes(metric);

/**
 * Items without which the law cannot pass, whatever the candidate answers: 0 lost of n at 1 %. Of losses the cap takes the
 * place of a whole item: about 4.6 cap / limit.
 */
export const fewestToPass = (limit: number): number => Math.ceil(Math.log(levels.pass) / Math.log1p(-limit));

/** Everything wrong with the values of these options; paths are the words of `quality:`. */
export function qualityProblems(options: QualityOptions): Problem[] {
  const share = isShare(options.metric);
  const problems: Problem[] = [];
  const expect = (path: string, ok: boolean, expected: string, got: unknown, hint?: string) => {
    if (!ok) problems.push({ path, message: `expected ${expected}, got ${String(got)}.`, hint });
  };
  const { tolerance, limit, cap, atLeast, atMost, gating, minSamples, look } = options;
  expect('tolerance', tolerance >= 0 && tolerance < Infinity, '0 or more, such as 0.5% or 0.005', tolerance);
  expect('limit', limit > 0 && limit < (share ? 1 : Infinity), 'more than 0, such as 4% or 0.04', limit);
  const room = 'Between the two either answer is right, so there must be room.';
  expect('limit', limit > tolerance, `more than the tolerance of ${tolerance}`, limit, room);
  if (share) {
    expect('margin', options.margin === 'absolute', 'absolute: a share of the items', options.margin);
    expect('cap', cap === undefined, 'no cap for what is right or wrong', cap);
    expect('at-most', atMost === undefined, 'at-least for what is right or wrong', 'at-most');
    expect('at-least', atLeast === undefined || (atLeast > 0 && atLeast <= 1), 'a share up to 1', atLeast);
  } else {
    const why = 'A mean loss cannot be bounded without one: from this loss on an answer is simply wrong.';
    expect('cap', cap !== undefined && cap > 0 && cap < Infinity, 'a loss above 0', cap ?? 'nothing', why);
    expect('at-least', atLeast === undefined, 'at-most for losses', 'at-least');
    const squares = "Its mean is a square root: only a share of the live version's can be judged.";
    expect(
      'margin',
      options.metric !== 'rmse' || options.margin === 'relative',
      'relative with rmse',
      options.margin,
      squares,
    );
    expect('at-most', atMost === undefined || (atMost >= 0 && atMost < Infinity), 'a mean loss of 0 or more', atMost);
  }
  expect('gating', Number.isInteger(gating) && gating >= 1 && gating <= 20, 'a whole number from 1 to 20', gating);
  expect('look', Number.isInteger(look) && look >= 1 && look <= 20, 'a whole number from 1 to 20', look);
  const floor = `a whole number from ${fewestItems} on`;
  expect('min-samples', Number.isInteger(minSamples) && minSamples >= fewestItems, floor, minSamples);
  return problems;
}
