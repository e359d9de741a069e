import type { FlatFile } from '../flat-file.ts';
import { Heap, Merges, places } from './merges.ts';
import { Pages } from './pages.ts';
import { utf8 } from './rewrite.ts';
import type { Text } from './text.ts';
import type { Tokens } from './tokens.ts';
import { type Trie, trieOf } from './trie.ts';

export interface BytePairAbout {
  kind: 'bpe';
  unknown?: number;
  joinsUnknown: boolean;
  /** Ids of the tokens of the 256 bytes; absent where code points that are not known are unknown. */
  bytes?: number[];
  /** A piece that is a word of the vocabulary is that word. */
  wholeWords: boolean;
  /** Bit 0: tokens after the first of a piece have spellings of their own; bit 1: the last one has. */
  affixes: number;
}

const bytesOf = (point: number): number => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);

/**
 * Merges pairs of symbols, the lowest rank first and of equal ones the leftmost: Sennrich and others,
 * https://aclanthology.org/P16-1162, with byte fallback and unknown characters as the reference treats them.
 */
export class BytePair {
  readonly #about: BytePairAbout;
  readonly #first: readonly Pages<Uint32Array>[];
  readonly #merges: Merges;
  readonly #words: Trie | undefined;
  readonly #heap = new Heap();
  #ids = new Uint32Array(256);
  /** Bytes of UTF-8 of each symbol; 0 once it was merged into the one before it. */
  #bytes = new Uint32Array(256);
  #next = new Int32Array(256);
  #before = new Int32Array(256);
  #length = 0;

  constructor(about: BytePairAbout, file: FlatFile<unknown>) {
    this.#about = about;
    const kinds = [0, 1, 2, 3].filter((kind) => (kind & about.affixes) === kind);
    const first = kinds.map(
      (kind) => new Pages<Uint32Array>(file.section(`first${kind}.index`), file.section(`first${kind}.values`)),
    );
    // By bits: 1 for what follows another symbol, 2 for the last one.
    this.#first = [0, 1, 2, 3].map((bits) => first[kinds.indexOf(bits & about.affixes)] as Pages<Uint32Array>);
    this.#merges = new Merges(file);
    if (about.wholeWords) this.#words = trieOf(file, 'words');
  }

  tokens(text: Text, begin: number, end: number, out: Tokens): void {
    const known = this.#words?.whole(text.points, begin, end) ?? -1;
    if (known >= 0) {
      out.push(known, text.from[begin]!, text.to[end - 1]!);
      return;
    }
    this.#read(text, begin, end);
    this.#merge();
    this.#write(text, begin, end, out);
  }

  #add(id: number, bytes: number): void {
    if (this.#length === this.#ids.length) {
      const grown = <T extends Uint32Array | Int32Array>(old: T, larger: T): T => {
        larger.set(old);
        return larger;
      };
      const size = this.#length * 2;
      this.#ids = grown(this.#ids, new Uint32Array(size));
      this.#bytes = grown(this.#bytes, new Uint32Array(size));
      this.#next = new Int32Array(size);
      this.#before = new Int32Array(size);
    }
    this.#ids[this.#length] = id;
    this.#bytes[this.#length] = bytes;
    this.#length += 1;
  }

  /** The symbols of a piece. What is unknown waits until the next that is known, as in the reference. */
  #read(text: Text, begin: number, end: number): void {
    const { bytes, unknown, joinsUnknown } = this.#about;
    this.#length = 0;
    let waiting = 0;
    for (let at = begin; at < end; at += 1) {
      const point = text.points[at]!;
      const size = bytesOf(point);
      const id = this.#first[(at > begin ? 1 : 0) | (at === end - 1 ? 2 : 0)]!.get(point);
      if (id !== 0) {
        if (waiting > 0) this.#add(unknown as number, waiting);
        waiting = 0;
        this.#add(id - 1, size);
      } else if (bytes) utf8(point, (byte) => this.#add(bytes[byte]!, 1));
      else if (unknown !== undefined) {
        if (waiting > 0 && !joinsUnknown) {
          this.#add(unknown, waiting);
          waiting = 0;
        }
        waiting += size;
      }
    }
    if (waiting > 0) this.#add(unknown as number, waiting);
  }

  #offer(place: number): void {
    const next = this.#next[place]!;
    if (next < 0) return;
    const rank = this.#merges.rank(this.#ids[place]!, this.#ids[next]!);
    if (rank >= 0) this.#heap.push(rank * places + place);
  }

  #merge(): void {
    const [ids, bytes, next, before, heap] = [this.#ids, this.#bytes, this.#next, this.#before, this.#heap];
    if (this.#length >= places) throw new RangeError('A piece of the text is too long to be merged.');
    for (let at = 0; at < this.#length; at += 1) {
      next[at] = at + 1 < this.#length ? at + 1 : -1;
      before[at] = at - 1;
    }
    for (let at = 0; at < this.#length; at += 1) this.#offer(at);
    while (heap.length > 0) {
      const top = heap.pop();
      const rank = Math.floor(top / places);
      const place = top - rank * places;
      const right = next[place]!;
      if (bytes[place] === 0 || right < 0) continue;
      const now = this.#merges.rank(ids[place]!, ids[right]!);
      // An entry has expired where the pair became another; the reference compares what it becomes.
      if (now < 0 || this.#merges.becomes[now] !== this.#merges.becomes[rank]) continue;
      ids[place] = this.#merges.becomes[rank]!;
      bytes[place] = bytes[place]! + bytes[right]!;
      bytes[right] = 0;
      next[place] = next[right]!;
      if (next[right]! >= 0) before[next[right]!] = place;
      if (before[place]! >= 0) this.#offer(before[place]!);
      this.#offer(place);
    }
  }

  #write(text: Text, begin: number, end: number, out: Tokens): void {
    let [at, passed, done] = [begin, 0, 0];
    // The code point in which a byte of the piece lies.
    const reach = (byte: number): number => {
      while (at < end - 1 && passed + bytesOf(text.points[at]!) <= byte) {
        passed += bytesOf(text.points[at]!);
        at += 1;
      }
      return at;
    };
    for (let symbol = 0; symbol < this.#length; symbol += 1) {
      const bytes = this.#bytes[symbol]!;
      if (bytes === 0) continue;
      const from = text.from[reach(done)]!;
      done += bytes;
      out.push(this.#ids[symbol]!, from, text.to[reach(done - 1)]!);
    }
  }
}
