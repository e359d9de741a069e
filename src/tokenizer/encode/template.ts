import type { Tokens } from './tokens.ts';

/** A template: sequences and the special tokens around them. */
export type TemplatePart = { sequence: 0 | 1; type: number } | { ids: number[]; type: number };

/** What comes after the model. */
export interface PostAbout {
  single: TemplatePart[];
  pair: TemplatePart[];
  /** Trims spaces off the ranges of tokens; `prefix` where one space was put before the text. */
  trim?: { prefix: boolean };
}

export interface TruncationAbout {
  max: number;
  strategy: 'longest-first' | 'only-first' | 'only-second';
  keeps: 'begin' | 'end';
}

/** One text, or a pair, as a model takes it; arrays of equal length. Ranges are in UTF-16 units of the text they are of. */
export interface Encoding {
  ids: Uint32Array;
  types: Uint32Array;
  /** 1 for special tokens of the template. */
  special: Uint8Array;
  /** 0 for the first text, 1 for the second, 2 for neither. */
  sequences: Uint8Array;
  from: Uint32Array;
  to: Uint32Array;
  /** 1 where a word begins: a piece that the pre-tokenizers left, or an added token. */
  begins: Uint8Array;
}

/** How many tokens a template adds. */
export const addedBy = (template: readonly TemplatePart[]): number =>
  template.reduce((sum, part) => sum + ('ids' in part ? part.ids.length : 0), 0);

/** Refused where what is asked for cannot be cut off. */
export class TruncationError extends Error {}

/**
 * Shortens before the template is laid around, to the room that it leaves.
 *
 * @throws TruncationError where the one text that may be cut is too short
 */
export function truncate(first: Tokens, second: Tokens | undefined, about: TruncationAbout, room: number): void {
  const total = first.length + (second?.length ?? 0);
  const excess = total - room;
  if (excess <= 0) return;
  const cut = (tokens: Tokens, length: number): void => {
    if (length >= tokens.length) return;
    if (about.keeps === 'begin') tokens.length = length;
    else tokens.slice(tokens.length - length, tokens.length);
  };
  // Where the template leaves no room, the reference cuts all of it by any strategy.
  if (about.strategy === 'longest-first' || room <= 0) {
    const [one, two] = second ? sharedRoom(first.length, second.length, room) : [room, 0];
    cut(first, one);
    if (second) cut(second, two);
    return;
  }
  const target = about.strategy === 'only-first' ? first : second;
  if (!target) throw new TruncationError('The tokenizer cuts second texts alone, and there is none.');
  if (target.length <= excess)
    throw new TruncationError('The text that may be cut is shorter than what has to be cut off.');
  cut(target, target.length - excess);
}

/** The shorter one is kept where it fits; else each takes half, and the second the odd one. */
function sharedRoom(first: number, second: number, room: number): [number, number] {
  const swapped = first > second;
  let [shorter, longer] = swapped ? [second, first] : [first, second];
  longer = shorter > room ? shorter : Math.max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room >> 1;
    longer = shorter + (room % 2);
  }
  return swapped ? [longer, shorter] : [shorter, longer];
}

/** Lays a template around. @param template for one text or for a pair */
export function layOut(template: readonly TemplatePart[], texts: readonly Tokens[], withSpecial: boolean): Encoding {
  const lengthOf = (part: TemplatePart): number => {
    if ('ids' in part) return withSpecial ? part.ids.length : 0;
    return texts[part.sequence]?.length ?? 0;
  };
  const length = template.reduce((sum, part) => sum + lengthOf(part), 0);
  const [ids, types, from, to] = [0, 0, 0, 0].map(() => new Uint32Array(length)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  const [special, sequences, begins] = [new Uint8Array(length), new Uint8Array(length), new Uint8Array(length)];
  let at = 0;
  for (const part of template) {
    const end = at + lengthOf(part);
    types.fill(part.type, at, end);
    if ('ids' in part) {
      if (withSpecial) ids.set(part.ids, at);
      special.fill(1, at, end);
      sequences.fill(2, at, end);
    } else if (texts[part.sequence]) {
      const tokens = texts[part.sequence] as Tokens;
      ids.set(tokens.ids.subarray(0, tokens.length), at);
      from.set(tokens.from.subarray(0, tokens.length), at);
      to.set(tokens.to.subarray(0, tokens.length), at);
      begins.set(tokens.begins.subarray(0, tokens.length), at);
      sequences.fill(part.sequence, at, end);
    }
    at = end;
  }
  return { ids, types, special, sequences, from, to, begins };
}
