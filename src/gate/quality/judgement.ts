import type { VerdictWord } from '../rule/verdict.ts';
import type { QualityOptions } from './options.ts';

/** What one law says of the loss of quality, before it is a verdict. Losses are positive where the candidate is worse. */
export interface Judgement {
  n: number;
  /** Items that only the live version has right, and only the candidate; of losses: items that got worse, better. */
  lost: number;
  gained: number;
  /** Mean of each arm: share that is right, or mean loss. `null`: there is no live version. */
  live: number | null;
  candidate: number;
  /** Loss of quality as seen; `null` where it is a share of nothing. */
  estimate: number | null;
  /** Proven bounds of it at the levels of block and pass; `null` where there is none. */
  lower: number | null;
  upper: number | null;
  /** Probability of what was seen, were the loss exactly tolerance (block) or limit (pass). */
  pBlock: number;
  pPass: number;
  /** Levels that they are held against. */
  levels: { block: number; pass: number };
  /** Variance of one item's loss of quality, for advice. */
  variance: number;
  /** More than 70 % of the items differ: the two models are different things. */
  different: boolean;
}

export const blocks = ({ pBlock, levels }: Judgement): boolean => pBlock <= levels.block;
export const passes = ({ pPass, levels }: Judgement): boolean => pPass <= levels.pass;

/** Why: `worse` provably beyond the tolerance, `clear` provably within the limit, `unsure` neither. */
export type QualityReason =
  | 'worse'
  | 'clear'
  | 'unsure'
  | 'too-few-samples'
  | 'no-baseline'
  | 'no-samples'
  | 'unequal-samples'
  | 'live-failed'
  | 'lean-pass'
  | 'lean-block';

export interface QualityVerdict {
  verdict: VerdictWord;
  reason: QualityReason;
  /** One human-readable line. */
  line: string;
  metric: string;
  n: number;
  /** Items without an answer. */
  failed: { live: number; candidate: number };
  /** `null` where nothing was judged. */
  judgement: Judgement | null;
  options: QualityOptions;
  /** Items in all that would likely decide it; `null` where it is decided. */
  wouldDo: number | null;
}
