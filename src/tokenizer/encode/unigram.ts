import type { FlatFile } from '../flat-file.ts';
import { utf8 } from './rewrite.ts';
import type { Text } from './text.ts';
import type { Tokens } from './tokens.ts';
import { type Trie, trieOf } from './trie.ts';

export interface UnigramAbout {
  kind: 'unigram';
  unknown?: number;
  /** What a code point costs that no piece covers: the least score of all less 10. */
  unknownScore: number;
  bytes?: number[];
}

/**
 * The likeliest way to cut a piece, by Viterbi: Kudo, https://aclanthology.org/P18-1007. On ties the one that begins
 * earlier stays, as in the reference.
 */
export class Unigram {
  readonly #about: UnigramAbout;
  readonly #words: Trie;
  /** By id. */
  readonly #scores: Float64Array;
  #best = new Float64Array(256);
  /** The id that ends at a place, and where it begins; -1 while none does. */
  #ids = new Int32Array(256);
  #begins = new Int32Array(256);
  #path: number[] = [];

  constructor(about: UnigramAbout, file: FlatFile<unknown>) {
    this.#about = about;
    this.#words = trieOf(file, 'words');
    this.#scores = file.section('scores');
  }

  tokens(text: Text, begin: number, end: number, out: Tokens): void {
    const length = end - begin;
    if (this.#best.length <= length) {
      this.#best = new Float64Array(length * 2);
      this.#ids = new Int32Array(length * 2);
      this.#begins = new Int32Array(length * 2);
    }
    this.#begins.fill(-1, 0, length + 1);
    this.#best[0] = 0;
    for (let at = 0; at < length; at += 1) this.#from(text, begin, at, length);
    this.#write(text, begin, length, out);
  }

  /** All pieces that begin at a place. */
  #from(text: Text, begin: number, at: number, length: number): void {
    const [words, till] = [this.#words, this.#best[at]!];
    let node = words.root(0);
    let alone = false;
    for (let stop = at; stop < length; stop += 1) {
      node = words.step(node, text.points[begin + stop]!);
      if (node < 0) break;
      const value = words.value(node);
      if (value === 0) continue;
      if (stop === at) alone = true;
      this.#take(at, stop + 1, value - 1, till + this.#scores[value - 1]!);
    }
    if (alone) return;
    const { unknown, unknownScore } = this.#about;
    if (unknown === undefined)
      throw new RangeError('A character is not in the vocabulary, and there is no token for such characters.');
    this.#take(at, at + 1, unknown, till + unknownScore);
  }

  #take(at: number, stop: number, id: number, score: number): void {
    if (this.#begins[stop] !== -1 && score <= this.#best[stop]!) return;
    this.#best[stop] = score;
    this.#ids[stop] = id;
    this.#begins[stop] = at;
  }

  #write(text: Text, begin: number, length: number, out: Tokens): void {
    const path = this.#path;
    path.length = 0;
    for (let stop = length; stop > 0; stop = this.#begins[stop]!) path.push(stop);
    for (let index = path.length - 1; index >= 0; index -= 1) {
      let stop = path[index]!;
      const at = this.#begins[stop]!;
      const id = this.#ids[stop]!;
      // What is unknown and stands together is one.
      if (id === this.#about.unknown)
        while (index > 0 && this.#ids[path[index - 1]!] === id) {
          index -= 1;
          stop = path[index]!;
        }
      this.#give(this.#whole(id, text, begin + at, begin + stop), text, begin + at, begin + stop, out);
    }
  }

  /** The reference looks each string of the best path up once more, and may know what was joined. */
  #whole(id: number, text: Text, begin: number, end: number): number {
    if (id !== this.#about.unknown || end - begin === 1) return id;
    const known = this.#words.whole(text.points, begin, end);
    return known < 0 ? id : known;
  }

  #give(id: number, text: Text, begin: number, end: number, out: Tokens): void {
    const [from, to] = [text.from[begin]!, text.to[end - 1]!];
    const { bytes, unknown } = this.#about;
    if (id !== unknown || !bytes) out.push(id, from, to);
    else for (let at = begin; at < end; at += 1) utf8(text.points[at]!, (byte) => out.push(bytes[byte]!, from, to));
  }
}
