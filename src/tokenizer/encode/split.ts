import { Class, type Classes } from './classes.ts';
import { asBytes, metaspace, prefixing, rewriting } from './rewrite.ts';
import { type ScannerName, scanners } from './scan.ts';
import { type Pieces, Ranges, type Text } from './text.ts';

export type Behavior = 'removed' | 'isolated' | 'previous' | 'next' | 'contiguous';

/** What matches: each code point of a class, or that is this one, or whole runs of it; what a scanner finds. */
export type Pattern =
  | { is: 'class'; bits: number; run?: boolean }
  | { is: 'text'; points: number[] }
  | { is: 'scanner'; name: ScannerName };

/** What compiled pre-tokenizers do, in order. */
export type SplitStep =
  | { do: 'split'; pattern: Pattern; behavior: Behavior; invert?: boolean }
  /** Words, and signs that are neither word nor space, and nothing else. */
  | { do: 'words' }
  /** Bytes as the code points that stand for them. */
  | { do: 'bytes' }
  /** A space before each piece that does not begin with one. */
  | { do: 'prefix' }
  | { do: 'metaspace'; point: number; scheme: 'always' | 'first' | 'never'; split: boolean };

/** The end of the match that begins at a place; the place itself where none does. */
type Match = (text: Text, at: number, end: number) => number;

function matcher(pattern: Pattern, classes: Classes): Match {
  if (pattern.is === 'scanner') {
    const scan = scanners[pattern.name];
    return (text, at, end) => scan(text.points, classes, at, end);
  }
  if (pattern.is === 'class')
    return ({ points }, at, end) => {
      let stop = at;
      while (stop < end && (classes.get(points[stop]!) & pattern.bits) !== 0) {
        stop += 1;
        if (!pattern.run) break;
      }
      return stop;
    };
  return ({ points }, at, end) => {
    if (at + pattern.points.length > end) return at;
    return pattern.points.every((point, index) => points[at + index] === point) ? at + pattern.points.length : at;
  };
}

/** Splits as the reference does, by what becomes of matches. */
function splitting(match: Match, behavior: Behavior, invert: boolean): (text: Text, from: Ranges, to: Ranges) => void {
  return (text, from, to) => {
    for (let piece = 0; piece < from.length; piece += 1) {
      const end = from.ends[piece]!;
      const splits = new Splits(behavior, to);
      let begin = from.begins[piece]!;
      for (let at = begin; at < end; ) {
        const stop = match(text, at, end);
        if (stop === at) {
          at += 1;
          continue;
        }
        if (at > begin) splits.add(begin, at, invert);
        splits.add(at, stop, !invert);
        begin = stop;
        at = stop;
      }
      if (begin < end) splits.add(begin, end, invert);
      splits.close();
    }
  };
}

/** Joins what belongs together before it is written. */
class Splits {
  readonly #behavior: Behavior;
  readonly #to: Ranges;
  #begin = 0;
  #end = 0;
  #before = false;

  constructor(behavior: Behavior, to: Ranges) {
    this.#behavior = behavior;
    this.#to = to;
  }

  add(begin: number, end: number, isMatch: boolean): void {
    const open = this.#end > this.#begin;
    const joins =
      (this.#behavior === 'previous' && isMatch && !this.#before) ||
      (this.#behavior === 'next' && !isMatch && this.#before && open) ||
      (this.#behavior === 'contiguous' && isMatch === this.#before);
    this.#before = isMatch;
    if (this.#behavior === 'removed' && isMatch) return;
    if (open && joins) {
      this.#end = end;
      return;
    }
    this.close();
    this.#begin = begin;
    this.#end = end;
  }

  close(): void {
    this.#to.push(this.#begin, this.#end);
    this.#begin = 0;
    this.#end = 0;
  }
}

function words(classes: Classes): (text: Text, from: Ranges, to: Ranges) => void {
  return ({ points }, from, to) => {
    for (let piece = 0; piece < from.length; piece += 1) {
      const end = from.ends[piece]!;
      for (let at = from.begins[piece]!; at < end; ) {
        const kind = (index: number): number => classes.get(points[index]!) & (Class.word | Class.space);
        const isWord = (kind(at) & Class.word) !== 0;
        let stop = at + 1;
        if (isWord) while (stop < end && (kind(stop) & Class.word) !== 0) stop += 1;
        else if (kind(at) === 0) while (stop < end && kind(stop) === 0) stop += 1;
        if (isWord || kind(at) === 0) to.push(at, stop);
        at = stop;
      }
    }
  };
}

const inPlace = (work: (text: Text, from: Ranges, to: Ranges) => void): ((pieces: Pieces) => Pieces) => {
  const ranges = new Ranges();
  return (pieces) => {
    ranges.clear();
    work(pieces.text, pieces.ranges, ranges);
    return { text: pieces.text, ranges };
  };
};

/** The work of each step. What a step returns is good until it runs again. */
export function splitWork(steps: readonly SplitStep[], classes: Classes): ((pieces: Pieces) => Pieces)[] {
  return steps.flatMap((step) => {
    if (step.do === 'words') return inPlace(words(classes));
    if (step.do === 'bytes') return rewriting(asBytes);
    if (step.do === 'prefix') return rewriting(prefixing);
    if (step.do === 'split')
      return inPlace(splitting(matcher(step.pattern, classes), step.behavior, step.invert === true));
    const marked = rewriting(metaspace(step));
    const byMark = splitting(matcher({ is: 'text', points: [step.point] }, classes), 'next', false);
    return step.split ? [marked, inPlace(byMark)] : marked;
  });
}
