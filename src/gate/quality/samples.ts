import type { QualityOptions } from './options.ts';

/** Outcomes of the same items, in the same order: right or wrong, or a loss of 0 or more. */
export interface OutcomeSamples {
  kind: 'binary' | 'numeric';
  /** 1 or 0, or losses; `null` where an item got no answer. */
  candidate: (number | null)[];
  /** `null` at a first release. */
  live: (number | null)[] | null;
  options: QualityOptions;
}

/** Classes of the same items: what each is, and what the models said; `null` where an item got no answer. */
export interface ClassSamples {
  kind: 'classes';
  expected: readonly string[];
  candidate: (string | null)[];
  live: (string | null)[] | null;
  options: QualityOptions;
}

/** What the rule judges. Shares of groups of items come as numeric losses of at most 1. */
export type QualitySamples = OutcomeSamples | ClassSamples;
