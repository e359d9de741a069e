import { readFlat } from '../flat-file.ts';
import { type AddedToken, AddedTokens } from './added-tokens.ts';
import type { Classes } from './classes.ts';
import { type Model, type ModelAbout, openModel } from './models.ts';
import { Normalizer, type NormalizerStep } from './normalize.ts';
import { Pages } from './pages.ts';
import { type SplitStep, splitWork } from './split.ts';
import { addedBy, type Encoding, layOut, type PostAbout, type TruncationAbout, truncate } from './template.ts';
import { type Pieces, Ranges, Text } from './text.ts';
import { Tokens } from './tokens.ts';
import { trieOf } from './trie.ts';
import { type SpacesOfTokens, trimRanges } from './trim.ts';

export interface PaddingAbout {
  id: number;
  type: number;
  side: 'left' | 'right';
  multiple?: number;
}

/** The description in a compiled tokenizer. */
export interface TokenizerAbout {
  /** The release of the reference whose tables and behaviour these are. */
  reference: string;
  /** SHA-256 of tokenizer.json, hex. */
  source: string;
  normalizer: NormalizerStep[];
  splits: SplitStep[];
  model: ModelAbout;
  added: AddedToken[];
  post: PostAbout;
  truncation?: TruncationAbout;
  padding?: PaddingAbout;
}

export interface EncodeOptions {
  /** Tokens at the most, those of the template included; that of the file unless given, none where it has none. */
  maxTokens?: number;
  /** Whether the template's own tokens are laid around; true unless given. */
  addSpecial?: boolean;
  /** Whether special tokens that stand in the text of a caller are taken for what they are; true unless given. */
  specialInText?: boolean;
}

/** Encodes texts as the reference implementation does, from a compiled tokenizer. Not safe to share between threads. */
export class Tokenizer {
  readonly about: TokenizerAbout;
  readonly #classes: Classes;
  readonly #normalizer: Normalizer;
  readonly #raw: AddedTokens | undefined;
  readonly #normalized: AddedTokens | undefined;
  readonly #splits: ((pieces: Pieces) => Pieces)[];
  readonly #model: Model;
  readonly #spaces: SpacesOfTokens | undefined;
  readonly #text = new Text();
  readonly #whole = new Ranges();
  readonly #tokens = [new Tokens(), new Tokens()] as const;

  /** @param bytes of a file that `compileTokenizer` made. @throws Error where it is of another format, or cut */
  constructor(bytes: Uint8Array) {
    const file = readFlat<TokenizerAbout>(bytes);
    this.about = file.about;
    this.#classes = new Pages(file.section('classes.index'), file.section('classes.values'));
    this.#normalizer = new Normalizer(this.about.normalizer, file, this.#classes);
    if (this.about.added.length > 0) {
      const trie = trieOf(file, 'added');
      this.#raw = new AddedTokens(this.about.added, trie, 0, this.#classes);
      this.#normalized = new AddedTokens(this.about.added, trie, 1, this.#classes);
    }
    this.#splits = splitWork(this.about.splits, this.#classes);
    this.#model = openModel(this.about.model, file);
    if (this.about.post.trim) this.#spaces = file.section('spaces');
  }

  /**
   * @param text well-formed; a half surrogate has no code point
   * @param pair the second text
   * @throws TruncationError where the tokenizer cannot cut what is too long; RangeError where a text holds what the model
   *   has no token for
   */
  encode(text: string, pair?: string, options: EncodeOptions = {}): Encoding {
    const { single, pair: paired, trim } = this.about.post;
    const template = pair === undefined ? single : paired;
    const withSpecial = options.addSpecial !== false;
    const [first, second] = this.#tokens;
    this.#tokenize(text, first, options.specialInText !== false);
    if (pair !== undefined) this.#tokenize(pair, second, options.specialInText !== false);
    const limit = options.maxTokens ?? this.about.truncation?.max;
    if (limit !== undefined) {
      const how = this.about.truncation ?? { max: limit, strategy: 'longest-first', keeps: 'begin' };
      const room = Math.max(0, limit - (withSpecial ? addedBy(template) : 0));
      truncate(first, pair === undefined ? undefined : second, how, room);
    }
    if (trim && this.#spaces) {
      trimRanges(text, first, this.#spaces, trim.prefix);
      if (pair !== undefined) trimRanges(pair, second, this.#spaces, trim.prefix);
    }
    return layOut(template, pair === undefined ? [first] : [first, second], withSpecial);
  }

  #tokenize(string: string, out: Tokens, special: boolean): void {
    const text = this.#text;
    text.read(string);
    out.clear();
    const parts = this.#raw?.parts(text, 0, text.length, special) ?? [{ begin: 0, end: text.length, id: -1 }];
    for (const { begin, end, id } of parts)
      if (id < 0) this.#plain(text, begin, end, out, special);
      else added(out, id, text.from[begin]!, text.to[end - 1]!);
  }

  #plain(text: Text, begin: number, end: number, out: Tokens, special: boolean): void {
    const normal = this.#normalizer.run(text, begin, end);
    const whole = { begin: 0, end: normal.length, id: -1 };
    for (const part of this.#normalized?.parts(normal, 0, normal.length, special) ?? [whole])
      if (part.id < 0) this.#pieces(normal, part.begin, part.end, out);
      else added(out, part.id, normal.from[part.begin]!, normal.to[part.end - 1]!);
  }

  #pieces(text: Text, begin: number, end: number, out: Tokens): void {
    this.#whole.clear();
    this.#whole.push(begin, end);
    let pieces: Pieces = { text, ranges: this.#whole };
    for (const split of this.#splits) pieces = split(pieces);
    const { begins, ends, length } = pieces.ranges;
    for (let at = 0; at < length; at += 1) {
      const before = out.length;
      this.#model.tokens(pieces.text, begins[at]!, ends[at]!, out);
      if (out.length > before) out.begins[before] = 1;
    }
  }
}

/** Added tokens are words by themselves. */
function added(out: Tokens, id: number, from: number, to: number): void {
  out.push(id, from, to);
  out.begins[out.length - 1] = 1;
}
