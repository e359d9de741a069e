import { Class, type Classes } from './classes.ts';

/**
 * The regular expressions of the GPT family, written out: no engine has the classes of the reference, and a compiled
 * tokenizer must not change its answers with a release of Node. Each returns the end of what matches at a place; where
 * nothing does, the place itself.
 */
export type Scanner = (points: Uint32Array, classes: Classes, at: number, end: number) => number;

const apostrophe = 0x27;
const blank = 0x20;
const isBreak = (point: number): boolean => point === 10 || point === 13;

function run(points: Uint32Array, classes: Classes, at: number, end: number, bits: number): number {
  let stop = at;
  while (stop < end && (classes.get(points[stop]!) & bits) !== 0) stop += 1;
  return stop;
}

function runWithout(points: Uint32Array, classes: Classes, at: number, end: number, bits: number): number {
  let stop = at;
  while (stop < end && (classes.get(points[stop]!) & bits) === 0) stop += 1;
  return stop;
}

/** Folds the letters that contractions need; U+017F is a long s. */
const folded = (point: number): number => (point === 0x17f ? 0x73 : point >= 65 && point <= 90 ? point + 32 : point);

/** `'s|'t|'re|'ve|'m|'ll|'d`. */
function contraction(points: Uint32Array, at: number, end: number, anyCase: boolean): number {
  if (at + 1 >= end || points[at] !== apostrophe) return at;
  const letter = (index: number): number => {
    const point = index < end ? points[index]! : 0;
    return anyCase ? folded(point) : point;
  };
  const [first, second] = [letter(at + 1), letter(at + 2)];
  if (first === 0x73 || first === 0x74 || first === 0x6d || first === 0x64) return at + 2;
  const two = (first === 0x72 || first === 0x76) && second === 0x65;
  return two || (first === 0x6c && second === 0x6c) ? at + 3 : at;
}

/** `\s*[\r\n]+|\s+(?!\S)|\s+`, or without its first part. */
function blanks(points: Uint32Array, classes: Classes, at: number, end: number, breaks: boolean): number {
  const stop = run(points, classes, at, end, Class.blank);
  if (breaks) for (let last = stop - 1; last >= at; last -= 1) if (isBreak(points[last]!)) return last + 1;
  return stop === end || stop - at < 2 ? stop : stop - 1;
}

const letterOrNumber = Class.letter | Class.number;
const neither = letterOrNumber | Class.blank;

/** `'s|…| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` of GPT-2. */
const gpt2: Scanner = (points, classes, at, end) => {
  const short = contraction(points, at, end, false);
  if (short > at) return short;
  const begin = points[at] === blank && at + 1 < end ? at + 1 : at;
  const found = classes.get(points[begin]!);
  if ((found & Class.letter) !== 0) return run(points, classes, begin, end, Class.letter);
  if ((found & Class.number) !== 0) return run(points, classes, begin, end, Class.number);
  if ((found & Class.blank) === 0) return runWithout(points, classes, begin, end, neither);
  return blanks(points, classes, at, end, false);
};

/** ` ?[^\s\p{L}\p{N}]+[\r\n]*`, or with the slash among what may follow. */
function signs(points: Uint32Array, classes: Classes, at: number, end: number, slash: boolean): number {
  const begin = points[at] === blank && at + 1 < end ? at + 1 : at;
  let stop = runWithout(points, classes, begin, end, neither);
  if (stop === begin) return at;
  while (stop < end && (isBreak(points[stop]!) || (slash && points[stop] === 0x2f))) stop += 1;
  return stop;
}

const numbers = (points: Uint32Array, classes: Classes, at: number, end: number, most: number): number =>
  run(points, classes, at, Math.min(end, at + most), Class.number);

/** `[^\r\n\p{L}\p{N}]`. */
const mayLead = (point: number, classes: Classes): boolean =>
  !isBreak(point) && (classes.get(point) & letterOrNumber) === 0;

/** That of cl100k, Llama 3 and Qwen, which differ in how many digits stand together. */
const cl100k =
  (digits: number): Scanner =>
  (points, classes, at, end) => {
    const short = contraction(points, at, end, true);
    if (short > at) return short;
    const begin = mayLead(points[at]!, classes) ? at + 1 : at;
    const word = run(points, classes, begin, end, Class.letter);
    if (word > begin) return word;
    const number = numbers(points, classes, at, end, digits);
    if (number > at) return number;
    const sign = signs(points, classes, at, end, false);
    return sign > at ? sign : blanks(points, classes, at, end, true);
  };

/** `[upper]*[lower]+`, as an engine that goes back finds it; the place itself where there is none. */
function risingWord(points: Uint32Array, classes: Classes, at: number, end: number): number {
  let last = run(points, classes, at, end, Class.upper);
  while (last > at && !(last < end && (classes.get(points[last]!) & Class.lower) !== 0)) last -= 1;
  return run(points, classes, last, end, Class.lower) > last ? run(points, classes, last, end, Class.lower) : at;
}

/** `[upper]+[lower]*`. */
function fallingWord(points: Uint32Array, classes: Classes, at: number, end: number): number {
  const first = run(points, classes, at, end, Class.upper);
  return first === at ? at : run(points, classes, first, end, Class.lower);
}

/** That of o200k. */
const o200k: Scanner = (points, classes, at, end) => {
  const leads = mayLead(points[at]!, classes);
  for (const word of [risingWord, fallingWord])
    for (const begin of leads ? [at + 1, at] : [at]) {
      const stop = begin < end ? word(points, classes, begin, end) : begin;
      if (stop > begin) return contraction(points, stop, end, true);
    }
  const number = numbers(points, classes, at, end, 3);
  if (number > at) return number;
  const sign = signs(points, classes, at, end, true);
  return sign > at ? sign : blanks(points, classes, at, end, true);
};

const isAsciiLetter = (point: number): boolean => (point | 32) >= 0x61 && (point | 32) <= 0x7a;
const isAsciiSign = (point: number): boolean =>
  point > 32 && point < 127 && !isAsciiLetter(point) && !(point >= 48 && point <= 57);
const sign = Class.punctuation | Class.symbol;

/** The third of DeepSeek's, after its numbers and its Chinese and Japanese; it leaves gaps. */
const deepseek: Scanner = (points, classes, at, end) => {
  const point = points[at]!;
  if (isAsciiSign(point) && at + 1 < end && isAsciiLetter(points[at + 1]!)) {
    let stop = at + 1;
    while (stop < end && isAsciiLetter(points[stop]!)) stop += 1;
    return stop;
  }
  const letters = Class.letter | Class.mark;
  const leads = !isBreak(point) && (classes.get(point) & (Class.letter | sign)) === 0;
  const word = leads ? run(points, classes, at + 1, end, letters) : at + 1;
  if (word > at + 1) return word;
  const bare = run(points, classes, at, end, letters);
  if (bare > at) return bare;
  const begin = point === blank && at + 1 < end ? at + 1 : at;
  let stop = run(points, classes, begin, end, sign);
  if (stop > begin) {
    while (stop < end && isBreak(points[stop]!)) stop += 1;
    return stop;
  }
  return blanks(points, classes, at, end, true);
};

/** `\p{N}{1,3}`. */
const threeDigits: Scanner = (points, classes, at, end) => numbers(points, classes, at, end, 3);

/** `[一-龥぀-ゟ゠-ヿ]+`. */
const chineseJapanese: Scanner = (points, _classes, at, end) => {
  let stop = at;
  const isOne = (point: number): boolean =>
    (point >= 0x4e00 && point <= 0x9fa5) || (point >= 0x3040 && point <= 0x30ff);
  while (stop < end && isOne(points[stop]!)) stop += 1;
  return stop;
};

export const scanners = {
  gpt2,
  cl100k: cl100k(3),
  qwen: cl100k(1),
  o200k,
  deepseek,
  threeDigits,
  chineseJapanese,
} satisfies Record<string, Scanner>;
export type ScannerName = keyof typeof scanners;
