import { Class, type Classes } from './classes.ts';
import { utf8 } from './rewrite.ts';
import type { Text } from './text.ts';

/** Bytes of a unit of text that is looked up whole; a longer one is looked up by its code points. */
const mostWhole = 5;

/**
 * The map of SentencePiece, as the reference applies it: the text is walked by user-perceived characters, and the first
 * and so the shortest entry that a unit begins with replaces all of it. The units of its trie are those of Darts:
 * https://github.com/s-yata/darts-clone, darts.h.
 */
export class Precompiled {
  readonly #trie: Uint32Array;
  /** Replacements in UTF-8, each with a zero behind it. */
  readonly #replacements: Uint8Array;
  readonly #prepends: ReadonlySet<number>;
  readonly #classes: Classes;
  #bytes: number[] = [];

  constructor(trie: Uint32Array, replacements: Uint8Array, prepends: readonly number[], classes: Classes) {
    this.#trie = trie;
    this.#replacements = replacements;
    this.#prepends = new Set(prepends);
    this.#classes = classes;
  }

  run(input: Text, output: Text): void {
    const places = new Places();
    for (let at = 0; at < input.length; ) {
      const end = this.#unit(input, at);
      if (!this.#replace(input, at, end, places))
        for (let one = at; one < end; one += 1)
          if (end - at === 1 || !this.#replace(input, one, one + 1, places)) places.keep(input.points[one]!);
      at = end;
    }
    places.write(input, output);
  }

  /** The end of a user-perceived character, as far as it matters: https://unicode.org/reports/tr29/. */
  #unit(input: Text, begin: number): number {
    const is = (at: number, bits: number): boolean =>
      at < input.length && (this.#classes.get(input.points[at]!) & bits) !== 0;
    if (input.points[begin] === 13 && input.points[begin + 1] === 10 && begin + 1 < input.length) return begin + 2;
    let at = begin;
    while (this.#prepends.has(input.points[at]!) && at + 1 < input.length && !is(at + 1, Class.joinsNothing)) at += 1;
    if (is(at, Class.joinsNothing)) return at + 1;
    at += 1;
    while (is(at, Class.joins)) at += 1;
    return at;
  }

  #replace(input: Text, begin: number, end: number, places: Places): boolean {
    this.#bytes.length = 0;
    for (let at = begin; at < end && this.#bytes.length <= mostWhole; at += 1)
      utf8(input.points[at]!, (byte) => this.#bytes.push(byte));
    if (end - begin > 1 && this.#bytes.length > mostWhole) return false;
    const found = this.#shortest();
    if (found < 0) return false;
    const stop = this.#replacements.indexOf(0, found);
    const text = Buffer.from(this.#replacements.subarray(found, stop < 0 ? undefined : stop)).toString('utf8');
    places.replace(
      Array.from(text, (sign) => sign.codePointAt(0)!),
      end - begin,
    );
    return true;
  }

  /** Where the replacement of the shortest entry begins with which the bytes begin; -1 where there is none. */
  #shortest(): number {
    const offset = (unit: number): number => (unit >>> 10) << ((unit & 512) >>> 6);
    let node = offset(this.#trie[0]!);
    for (const byte of this.#bytes) {
      if (byte === 0) return -1;
      node ^= byte;
      const unit = this.#trie[node];
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) return -1;
      node ^= offset(unit);
      if ((unit & 256) !== 0) return this.#trie[node]! & 0x7fffffff;
    }
    return -1;
  }
}

/**
 * Collects what is written, and tells in the end where it comes from. By a rule of the reference each has a change: 0 for
 * what stands for one of the input, 1 for what was added, less than 0 where others went besides.
 */
class Places {
  #points: number[] = [];
  #changes: number[] = [];

  keep(point: number): void {
    this.#points.push(point);
    this.#changes.push(0);
  }

  replace(points: readonly number[], count: number): void {
    for (const [index, point] of points.entries()) {
      this.#points.push(point);
      this.#changes.push(index < count ? 0 : 1);
    }
    // What went is counted to the last that stayed; at the very beginning there is none, and the reference forgets it.
    const last = this.#changes.length - 1;
    if (points.length < count && last >= 0) this.#changes[last] = this.#changes[last]! + points.length - count;
  }

  write(input: Text, output: Text): void {
    let place = 0;
    for (const [at, point] of this.#points.entries()) {
      const change = this.#changes[at]!;
      const from = Math.min(change > 0 ? place - 1 : place, input.length - 1);
      output.push(point, input.from[from] ?? 0, input.to[from] ?? 0);
      if (change <= 0) place += 1 - change;
    }
  }
}
