import type { FlatFile } from '../flat-file.ts';

/**
 * A trie of code points in one open-addressed table: a node is the slot that holds it, found by its parent and its code
 * point. A step is one probe, loading is none.
 */
export class Trie {
  /** Two tries may share one table: each has a root of its own, a number that no slot has. */
  static readonly roots = 8;
  readonly #parents: Uint32Array;
  /** One more than the code point; 0 in an empty slot. */
  readonly #points: Uint32Array;
  readonly #values: Uint32Array;
  readonly #mask: number;

  constructor(parents: Uint32Array, points: Uint32Array, values: Uint32Array) {
    this.#parents = parents;
    this.#points = points;
    this.#values = values;
    this.#mask = points.length - 1;
  }

  root(index: number): number {
    return this.#points.length + index;
  }

  /** The child of a node by a code point; -1 where there is none. */
  step(node: number, point: number): number {
    const [points, parents, mask] = [this.#points, this.#parents, this.#mask];
    let slot = mix(node, point) & mask;
    for (let at = points[slot]!; at !== 0; at = points[slot]!) {
      if (at === point + 1 && parents[slot] === node) return slot;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  /** One more than what ends at a node; 0 where nothing ends. */
  value(node: number): number {
    return this.#values[node]!;
  }

  /** What stands for these code points as a whole, below the first root; -1 where nothing does. */
  whole(points: Uint32Array, begin: number, end: number): number {
    let node = this.root(0);
    for (let at = begin; at < end && node >= 0; at += 1) node = this.step(node, points[at]!);
    return node < 0 ? -1 : this.value(node) - 1;
  }
}

/** The trie that a compiled tokenizer has by this name. */
export function trieOf(file: FlatFile<unknown>, name: string): Trie {
  const part = (what: string): Uint32Array => file.section<Uint32Array>(`${name}.${what}`);
  return new Trie(part('parents'), part('points'), part('values'));
}

/** Spreads two numbers over 32 bits; the constants are those of MurmurHash3's last step. */
export function mix(one: number, other: number): number {
  let mixed = Math.imul(one ^ Math.imul(other, 0x9e3779b1), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
