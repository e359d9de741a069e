import { Class, type Classes } from './classes.ts';
import type { Text } from './text.ts';
import type { Trie } from './trie.ts';

/** Tokens that are looked for in the text itself. */
export interface AddedToken {
  id: number;
  /** The text, for messages and for `special`. */
  content: string;
  singleWord: boolean;
  leftStrip: boolean;
  rightStrip: boolean;
  special: boolean;
}

/** A part of a text: what an added token took, or what lies between. */
export interface Part {
  begin: number;
  end: number;
  /** -1 between them. */
  id: number;
}

/** Finds added tokens, the leftmost first and of those at one place the longest; one that is refused is not retried with less. */
export class AddedTokens {
  readonly #tokens: readonly AddedToken[];
  readonly #trie: Trie;
  readonly #root: number;
  readonly #begins: number;
  readonly #classes: Classes;

  /**
   * @param tokens by the values of the trie
   * @param root of the trie: 0 for those that are looked for before normalization, 1 for those after it
   */
  constructor(tokens: readonly AddedToken[], trie: Trie, root: 0 | 1, classes: Classes) {
    this.#tokens = tokens;
    this.#trie = trie;
    this.#root = trie.root(root);
    this.#begins = root === 0 ? Class.beginsRaw : Class.beginsNormalized;
    this.#classes = classes;
  }

  /** @param special whether tokens that are special are looked for in the text of a caller */
  parts(text: Text, begin: number, end: number, special: boolean): Part[] {
    const parts: Part[] = [];
    let done = begin;
    for (let at = begin; at < end; ) {
      const found = this.#longest(text, at, end);
      if (!found) {
        at += 1;
        continue;
      }
      at = found.end;
      const token = this.#tokens[found.id] as AddedToken;
      if ((token.special && !special) || (token.singleWord && this.#insideWord(text, begin, end, found))) continue;
      let [from, to] = [found.begin, found.end];
      if (token.leftStrip) while (from > done && this.#is(text, from - 1, Class.space)) from -= 1;
      if (token.rightStrip) while (to < end && this.#is(text, to, Class.space)) to += 1;
      // The one before may have taken spaces up to here, or this token's first characters.
      if (from > done) parts.push({ begin: done, end: from, id: -1 });
      parts.push({ begin: from, end: to, id: token.id });
      done = to;
    }
    if (done < end) parts.push({ begin: done, end, id: -1 });
    return parts;
  }

  #is(text: Text, at: number, bits: number): boolean {
    return (this.#classes.get(text.points[at]!) & bits) !== 0;
  }

  #longest(text: Text, begin: number, end: number): Part | undefined {
    if (!this.#is(text, begin, this.#begins)) return undefined;
    let found: Part | undefined;
    let node = this.#root;
    for (let at = begin; at < end; at += 1) {
      node = this.#trie.step(node, text.points[at]!);
      if (node < 0) break;
      const value = this.#trie.value(node);
      if (value !== 0) found = { begin, end: at + 1, id: value - 1 };
    }
    return found;
  }

  #insideWord(text: Text, begin: number, end: number, part: Part): boolean {
    const before = part.begin > begin && this.#is(text, part.begin - 1, Class.word);
    return before || (part.end < end && this.#is(text, part.end, Class.word));
  }
}
