import type { Judgement } from './judgement.ts';
import type { QualityOptions } from './options.ts';
import type { ClassSamples } from './samples.ts';
import { levelsOf } from './shares.ts';

/** Draws of the weights, and the seed that they always begin with: the same answers give the same verdict. */
const draws = 10_000;
const seed = 20_260_112;

/** Whole numbers below 2^32 by the generator mulberry32, as fractions of 1. */
function seededFractions(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 2 ** 32;
  };
}

/** A gamma weight of a shape of 1 or more: Marsaglia, Tsang, ACM TOMS 2000. */
function gammaOf(shape: number, fraction: () => number): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const normal = Math.sqrt(-2 * Math.log(fraction())) * Math.cos(2 * Math.PI * fraction());
    const v = (1 + c * normal) ** 3;
    if (v > 0 && Math.log(fraction()) < normal ** 2 / 2 + d - d * v + d * Math.log(v)) return d * v;
  }
}

/** Items of one class that got the same two answers; classes by number, -1 for none that is expected anywhere. */
interface Cell {
  is: number;
  live: number;
  candidate: number;
  count: number;
}

interface Table {
  classes: number;
  cells: Cell[];
}

function tableOf({ expected, live, candidate }: ClassSamples): Table {
  const numbers = new Map([...new Set(expected)].map((name, at) => [name, at]));
  const cells = new Map<string, Cell>();
  const numberOf = (name: string | null | undefined) => numbers.get(name ?? '') ?? -1;
  for (const [at, name] of expected.entries()) {
    const [is, before, now] = [numberOf(name), live ? numberOf(live[at]) : -1, numberOf(candidate[at])];
    const key = `${is} ${before} ${now}`;
    const cell = cells.get(key) ?? { is, live: before, candidate: now, count: 0 };
    cell.count += 1;
    cells.set(key, cell);
  }
  return { classes: numbers.size, cells: [...cells.values()] };
}

/** Twice what is right of each class, and all that was said or expected of it: the F1 is their ratio. */
class Scores {
  readonly #right: Float64Array;
  readonly #all: Float64Array;

  constructor(classes: number) {
    this.#right = new Float64Array(classes);
    this.#all = new Float64Array(classes);
  }

  clear(): void {
    this.#right.fill(0);
    this.#all.fill(0);
  }

  add(is: number, said: number, weight: number): void {
    this.#all[is]! += weight;
    if (said >= 0) this.#all[said]! += weight;
    if (said === is) this.#right[is]! += 2 * weight;
  }

  /** @param extras one more item of each class, of this weight, answered right or not at all */
  mean(extras?: Float64Array, right = false): number {
    let sum = 0;
    for (let k = 0; k < this.#all.length; k += 1) {
      const more = extras?.[k] ?? 0;
      const twice = this.#right[k]! + (right ? 2 * more : 0);
      const all = this.#all[k]! + more * (right ? 2 : 1);
      sum += all > 0 ? twice / all : 0;
    }
    return sum / this.#all.length;
  }
}

/** Macro-F1 of each arm as it is; of a first release the required one in place of the live one. */
function seen({ classes, cells }: Table, required: number | undefined): { live: number; candidate: number } {
  const [live, candidate] = [new Scores(classes), new Scores(classes)];
  for (const cell of cells) {
    live.add(cell.is, cell.live, cell.count);
    candidate.add(cell.is, cell.candidate, cell.count);
  }
  return { live: required ?? live.mean(), candidate: candidate.mean() };
}

/** The loss of macro-F1 in each draw, with the extra items that passing asks for, and those that blocking does. */
function drawLosses({ classes, cells }: Table, required: number | undefined) {
  const fraction = seededFractions(seed);
  const [forPass, forBlock] = [new Float64Array(draws), new Float64Array(draws)];
  const [live, candidate, extras] = [new Scores(classes), new Scores(classes), new Float64Array(classes)];
  for (let draw = 0; draw < draws; draw += 1) {
    live.clear();
    candidate.clear();
    for (const cell of cells) {
      const weight = gammaOf(cell.count, fraction);
      live.add(cell.is, cell.live, weight);
      candidate.add(cell.is, cell.candidate, weight);
    }
    for (let k = 0; k < classes; k += 1) extras[k] = -Math.log(fraction());
    forPass[draw] = (required ?? live.mean(extras, true)) - candidate.mean(extras, false);
    forBlock[draw] = (required ?? live.mean(extras, false)) - candidate.mean(extras, true);
  }
  return { forPass: forPass.sort(), forBlock: forBlock.sort() };
}

/**
 * Macro-F1 is no mean over items, so no law is summed: the counts of each class and answer get random weights, one item
 * is added for each class (the candidate alone wrong where it is to pass, alone right where it is to be blocked), and the
 * share of draws beyond the margin is held against the level. The size of this is measured, not proven. The F1 is taken
 * over the classes that are expected.
 */
export function judgeClasses(samples: ClassSamples): Judgement {
  const { expected, live, candidate, options } = samples;
  const required = live === null ? (options.atLeast as number) : undefined;
  const table = tableOf(samples);
  const means = seen(table, required);
  const losses = drawLosses(table, required);
  const levels = levelsOf(options);
  const share = (count: number) => count / draws;
  const [lost, gained] = [1, -1].map((sign) =>
    expected.reduce(
      (sum, is, at) => sum + Number(sign * (Number(live?.[at] === is) - Number(candidate[at] === is)) > 0),
      0,
    ),
  ) as [number, number];
  return {
    n: expected.length,
    lost: live === null ? expected.filter((is, at) => candidate[at] !== is).length : lost,
    gained: live === null ? 0 : gained,
    live: live === null ? null : means.live,
    candidate: means.candidate,
    estimate: means.live - means.candidate,
    ...boundsOf(losses, levels),
    pBlock: share(losses.forBlock.filter((loss) => loss <= options.tolerance).length),
    pPass: share(losses.forPass.filter((loss) => loss >= options.limit).length),
    levels,
    variance: 0,
    different: false,
  };
}

const boundsOf = (
  { forPass, forBlock }: ReturnType<typeof drawLosses>,
  { block, pass }: ReturnType<typeof levelsOf>,
): { lower: number; upper: number } => ({
  lower: forBlock[Math.floor(block * draws)]!,
  upper: forPass[draws - 1 - Math.floor(pass * draws)]!,
});

/** Why its verdict may be long in coming, or say little; undefined where there is nothing to say. */
export function classAdvice(
  expected: readonly string[],
  { metric }: Pick<QualityOptions, 'metric'>,
): string | undefined {
  if (metric !== 'macro-f1') return undefined;
  const counts = new Map<string, number>();
  for (const name of expected) counts.set(name, (counts.get(name) ?? 0) + 1);
  const fewest = Math.min(...counts.values());
  if (fewest >= 20 && expected.length >= 100 * counts.size) return undefined;
  return `macro-f1 of ${counts.size} classes with ${fewest} items in the smallest seldom decides: let accuracy decide, with macro-f1 under also:.`;
}
