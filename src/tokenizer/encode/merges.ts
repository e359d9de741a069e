import type { FlatFile } from '../flat-file.ts';
import { mix } from './trie.ts';

/** Ranks of pairs of ids, in one open-addressed table; the arrays are by rank. */
export class Merges {
  readonly #slots: Uint32Array;
  readonly #left: Uint32Array;
  readonly #right: Uint32Array;
  readonly becomes: Uint32Array;

  constructor(file: FlatFile<unknown>) {
    this.#slots = file.section('merges.slots');
    this.#left = file.section('merges.left');
    this.#right = file.section('merges.right');
    this.becomes = file.section('merges.becomes');
  }

  /** -1 where the two do not merge. */
  rank(left: number, right: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = mix(left, right) & mask; ; slot = (slot + 1) & mask) {
      const rank = this.#slots[slot]! - 1;
      if (rank < 0 || (this.#left[rank] === left && this.#right[rank] === right)) return rank;
    }
  }
}

/** Places share a double with ranks: rank * 2^24 + place. */
export const places = 2 ** 24;

/** A heap of doubles, the least first. */
export class Heap {
  #values = new Float64Array(64);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    let at = this.length;
    this.length += 1;
    for (let above = (at - 1) >> 1; at > 0 && this.#values[above]! > value; above = (at - 1) >> 1) {
      this.#values[at] = this.#values[above]!;
      at = above;
    }
    this.#values[at] = value;
  }

  pop(): number {
    const least = this.#values[0]!;
    this.length -= 1;
    const last = this.#values[this.length]!;
    let at = 0;
    for (let child = 1; child < this.length; child = at * 2 + 1) {
      if (child + 1 < this.length && this.#values[child + 1]! < this.#values[child]!) child += 1;
      if (this.#values[child]! >= last) break;
      this.#values[at] = this.#values[child]!;
      at = child;
    }
    this.#values[at] = last;
    return least;
  }
}
