import type { FlatFile } from '../flat-file.ts';
import { BytePair, type BytePairAbout } from './byte-pair.ts';
import type { Text } from './text.ts';
import type { Tokens } from './tokens.ts';
import { type Trie, trieOf } from './trie.ts';
import { Unigram, type UnigramAbout } from './unigram.ts';

export interface WordPieceAbout {
  kind: 'wordpiece';
  unknown: number;
  /** Code points of a piece; a longer one is unknown. */
  most: number;
}

export interface WordLevelAbout {
  kind: 'wordlevel';
  /** Absent where there is none: then a word that is not known is an error. */
  unknown?: number;
}

export type ModelAbout = WordPieceAbout | WordLevelAbout | BytePairAbout | UnigramAbout;

/** Turns one piece of a text into tokens. */
export interface Model {
  /** @throws RangeError where the model has no token for what it does not know */
  tokens(text: Text, begin: number, end: number, out: Tokens): void;
}

/** Greedy, the longest first; the first part of a word below root 0, those that go on below root 1. */
class WordPiece implements Model {
  readonly #words: Trie;
  readonly #about: WordPieceAbout;

  constructor(about: WordPieceAbout, words: Trie) {
    this.#about = about;
    this.#words = words;
  }

  tokens(text: Text, begin: number, end: number, out: Tokens): void {
    const before = out.length;
    if (end - begin <= this.#about.most) {
      let at = begin;
      for (let root = 0; at < end; root = 1) {
        const stop = this.#longest(text, at, end, root, out);
        if (stop === at) break;
        at = stop;
      }
      if (at === end) return;
    }
    out.length = before;
    out.push(this.#about.unknown, text.from[begin]!, text.to[end - 1]!);
  }

  #longest(text: Text, begin: number, end: number, root: number, out: Tokens): number {
    const words = this.#words;
    let node = words.root(root);
    let [stop, id] = [begin, 0];
    for (let at = begin; at < end; at += 1) {
      node = words.step(node, text.points[at]!);
      if (node < 0) break;
      const value = words.value(node);
      if (value !== 0) [stop, id] = [at + 1, value - 1];
    }
    if (stop > begin) out.push(id, text.from[begin]!, text.to[stop - 1]!);
    return stop;
  }
}

class WordLevel implements Model {
  readonly #words: Trie;
  readonly #unknown: number | undefined;

  constructor({ unknown }: WordLevelAbout, words: Trie) {
    this.#words = words;
    this.#unknown = unknown;
  }

  tokens(text: Text, begin: number, end: number, out: Tokens): void {
    const known = this.#words.whole(text.points, begin, end);
    const id = known < 0 ? this.#unknown : known;
    if (id === undefined)
      throw new RangeError('A word is not in the vocabulary, and there is no token for such words.');
    out.push(id, text.from[begin]!, text.to[end - 1]!);
  }
}

export function openModel(about: ModelAbout, file: FlatFile<unknown>): Model {
  if (about.kind === 'wordpiece') return new WordPiece(about, trieOf(file, 'words'));
  if (about.kind === 'wordlevel') return new WordLevel(about, trieOf(file, 'words'));
  if (about.kind === 'bpe') return new BytePair(about, file);
  return new Unigram(about, file);
}
