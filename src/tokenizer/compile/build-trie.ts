import { mix, Trie } from '../encode/trie.ts';

/** What a trie shall find: code points, below which root, and the number that stands for them. */
export interface TrieEntry {
  points: readonly number[];
  root: number;
  value: number;
}

type Arrays = [parents: Uint32Array, points: Uint32Array, values: Uint32Array];

function fill(entries: readonly TrieEntry[], slots: number): { arrays: Arrays; nodes: number } {
  const arrays: Arrays = [new Uint32Array(slots), new Uint32Array(slots), new Uint32Array(slots)];
  const [parents, points, values] = arrays;
  let nodes = 0;
  for (const entry of entries) {
    let node = slots + entry.root;
    for (const point of entry.points) {
      let slot = mix(node, point) & (slots - 1);
      while (points[slot] !== 0 && !(points[slot] === point + 1 && parents[slot] === node))
        slot = (slot + 1) & (slots - 1);
      if (points[slot] === 0) {
        points[slot] = point + 1;
        parents[slot] = node;
        nodes += 1;
      }
      node = slot;
    }
    // A later one wins, as in the reference.
    if (entry.points.length > 0) values[node] = entry.value + 1;
  }
  return { arrays, nodes };
}

const powerAbove = (count: number): number => 2 ** Math.max(4, Math.ceil(Math.log2(count + 1)));

/** @returns the arrays of a `Trie` of these entries, at most two thirds full */
export function buildTrie(entries: readonly TrieEntry[]): Arrays {
  if (entries.some(({ root }) => root >= Trie.roots)) throw new RangeError('A trie has no such root.');
  const most = entries.reduce((sum, { points }) => sum + points.length, 0);
  const { nodes } = fill(entries, powerAbove(most * 1.5));
  return fill(entries, powerAbove(nodes * 1.5)).arrays;
}
