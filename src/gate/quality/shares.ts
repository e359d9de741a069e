import type { Judgement } from './judgement.ts';
import { binomialAtLeast, binomialAtMost, border, lossTail } from './law.ts';
import { fewestItems, levels, type QualityOptions } from './options.ts';

/** 1 right, 0 wrong, `null` not answered. */
export type Right = 1 | 0 | null;

/** Share of the level of a block with half an item added; its size is shown to stay below the level. */
const halfItemLevel = 0.94;
/** Share of items that differ beyond which half an item is not shown to hold. */
const different = 0.7;

/** Levels of one metric among several that decide, at one of several looks. */
export function levelsOf({ gating, look }: QualityOptions): { block: number; pass: number } {
  const share = 1 / 2 ** (look - 1);
  return { block: (levels.block * share) / gating, pass: levels.pass * share };
}

/**
 * Right or wrong of the same items, paired. An item without an answer is wrong and never left out. Passing adds one lost
 * item, blocking half a gained one; both laws are monotone, so their worst case lies at the margin itself.
 */
export function judgePairs(live: readonly Right[], candidate: readonly Right[], options: QualityOptions): Judgement {
  const n = live.length;
  let [lost, gained, right, rightLive] = [0, 0, 0, 0];
  for (const [at, before] of live.entries()) {
    const now = candidate[at] === 1;
    right += Number(now);
    rightLive += Number(before === 1);
    if (before === 1 && !now) lost += 1;
    if (before !== 1 && now) gained += 1;
  }
  const same = n - lost - gained;
  const isDifferent = lost + gained > different * n;
  const extra = isDifferent ? 1 : 0.5;
  const { block, pass } = levelsOf(options);
  const used = { block: isDifferent ? block : halfItemLevel * block, pass };
  const pBlockAt = (d: number) => 1 - lossTail(lost, gained + extra, same, d);
  const pPassAt = (d: number) => lossTail(lost + 1, gained, same, d);
  const estimate = (lost - gained) / n;
  return {
    n,
    lost,
    gained,
    live: rightLive / n,
    candidate: right / n,
    estimate,
    lower: lost === 0 || n < fewestItems ? null : border(-1, 1, (d) => pBlockAt(d) <= used.block),
    upper: n < fewestItems ? null : border(-1, 1, (d) => pPassAt(d) > used.pass),
    pBlock: pBlockAt(options.tolerance),
    pPass: pPassAt(options.limit),
    levels: used,
    variance: (lost + gained + 1) / n - estimate ** 2,
    different: isDifferent,
  };
}

/** A first release against a share that has to be right (exact binomial laws). */
export function judgeAgainst(atLeast: number, candidate: readonly Right[], options: QualityOptions): Judgement {
  const n = candidate.length;
  const right = candidate.filter((value) => value === 1).length;
  const used = levelsOf(options);
  const pBlockAt = (d: number) => binomialAtMost(right, n, atLeast - d);
  const pPassAt = (d: number) => binomialAtLeast(right, n, atLeast - d);
  const estimate = atLeast - right / n;
  return {
    n,
    lost: n - right,
    gained: 0,
    live: null,
    candidate: right / n,
    estimate,
    lower: right === n ? atLeast - 1 : border(atLeast - 1, atLeast, (d) => pBlockAt(d) <= used.block),
    upper: right === 0 ? atLeast : border(atLeast - 1, atLeast, (d) => pPassAt(d) > used.pass),
    pBlock: pBlockAt(options.tolerance),
    pPass: pPassAt(options.limit),
    levels: used,
    variance: (right / n) * (1 - right / n) + 1 / n,
    different: false,
  };
}
