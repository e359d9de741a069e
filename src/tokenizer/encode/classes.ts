import type { Pages } from './pages.ts';

/** What a code point is, as bits: the classes of the reference implementation, written into each compiled tokenizer. */
export const Class = {
  letter: 1,
  number: 2,
  /** `\s` of Oniguruma. */
  blank: 4,
  mark: 8,
  punctuation: 16,
  symbol: 32,
  /** `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`. */
  upper: 64,
  /** `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`. */
  lower: 128,
  /** White_Space of Unicode. */
  space: 256,
  /** Punctuation as BERT counts it. */
  bertPunctuation: 512,
  digit: 1024,
  /** `\w`. */
  word: 2048,
  /** An added token that is looked for before, or after, normalization begins with it. */
  beginsRaw: 4096,
  beginsNormalized: 8192,
  /** Belongs to the user-perceived character before it, or takes nothing to itself. */
  joins: 16384,
  joinsNothing: 32768,
} as const;

/** The bits of each code point. */
export type Classes = Pages<Uint16Array>;
