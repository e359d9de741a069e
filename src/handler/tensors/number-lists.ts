import { LongList } from '../../model/long-list.ts';
import { JsonNumber } from './json-number.ts';

/** Bytes read in one turn of the event loop: 5 to 20 ms. */
export const bytesPerTurn: number = 1024 * 1024;

export const signs = {
  openBrace: 0x7b,
  closeBrace: 0x7d,
  openBracket: 0x5b,
  closeBracket: 0x5d,
  colon: 0x3a,
  comma: 0x2c,
  quote: 0x22,
  minus: 0x2d,
} as const;
const { openBracket, closeBracket, comma } = signs;

export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Where the next byte is that is no space in JSON. */
export function afterSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return at;
}

/** Deeper than any request. */
export const deepest = 64;

/** Not nested lists of numbers, or no JSON. The message describes lists of different lengths, else it is empty. */
export class NotPlain extends Error {}

/** Reads nested lists of numbers from a JSON text. */
export class NumberLists {
  readonly #bytes: Uint8Array;
  readonly #number: JsonNumber;
  /** Room for the numbers of all lists; what is not used of it takes no memory. */
  readonly #room: Float64Array;
  #used = 0;
  /** Of the lists that are open, how many elements each has so far. */
  #counts: number[] = [];
  /** Of each level, how long its lists are; -1 before the first has ended. */
  #sizes: number[] = [];

  constructor(bytes: Uint8Array, maxNumbers: number) {
    this.#bytes = bytes;
    this.#number = new JsonNumber(bytes);
    this.#room = new Float64Array(maxNumbers);
  }

  /** The list that begins at `start`, and where it ends. Throws NotPlain. */
  *read(start: number): Generator<undefined, { list: LongList; end: number }> {
    const first = this.#used;
    this.#counts = [];
    this.#sizes = [];
    let at = start;
    let pause = start + bytesPerTurn;
    do {
      at = this.#openTo(at);
      at = this.#closeFrom(this.#row(at));
      if (at > pause) {
        pause = at + bytesPerTurn;
        yield;
      }
    } while (this.#counts.length > 0);
    const data = this.#room.subarray(first, this.#used);
    return { list: new LongList(this.#sizes, data), end: at };
  }

  /** Enters lists down to where the first number of a row is. */
  #openTo(from: number): number {
    const bytes = this.#bytes;
    let at = afterSpace(bytes, from);
    for (; bytes[at] === openBracket; at = afterSpace(bytes, at + 1)) this.#counts.push(0);
    const depth = this.#counts.length;
    if (this.#sizes.length === 0) this.#sizes = new Array<number>(depth).fill(-1);
    if (depth !== this.#sizes.length || depth > deepest) throw new NotPlain();
    return at;
  }

  /** Takes the numbers of one row, of the innermost level. */
  #row(from: number): number {
    const [bytes, number, room] = [this.#bytes, this.#number, this.#room];
    const first = this.#used;
    let used = first;
    for (let at = from; ; at = afterSpace(bytes, at + 1)) {
      const value = number.read(at);
      if (value === undefined) throw new NotPlain();
      room[used++] = value;
      at = afterSpace(bytes, number.end);
      if (bytes[at] === comma) continue;
      this.#used = used;
      this.#counts[this.#counts.length - 1] = used - first;
      return at;
    }
  }

  /** Leaves the lists that end here, and continues with the next row if there is one. */
  #closeFrom(from: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (this.#counts.length > 0) {
      if (bytes[at] !== closeBracket) throw new NotPlain();
      this.#checkLength();
      this.#counts.pop();
      const depth = this.#counts.length;
      if (depth === 0) return at + 1;
      this.#counts[depth - 1]!++;
      at = afterSpace(bytes, at + 1);
      if (bytes[at] === comma) return at + 1;
    }
    return at;
  }

  #checkLength(): void {
    const level = this.#counts.length - 1;
    const count = this.#counts[level]!;
    if (this.#sizes[level] === -1) this.#sizes[level] = count;
    if (this.#sizes[level] === count) return;
    const place = this.#counts.slice(0, -1).map((index) => `[${index}]`);
    throw new NotPlain(`a list of ${count} at ${place.join('')}, where others have ${this.#sizes[level]}`);
  }
}
