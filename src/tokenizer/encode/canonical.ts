import type { Pages } from './pages.ts';
import type { Text, TextStep } from './text.ts';
import type { Trie } from './trie.ts';

/** Hangul is taken apart and put together by arithmetic: https://www.unicode.org/versions/Unicode9.0.0/ch03.pdf, 3.12. */
const hangul = { first: 0xac00, count: 11172, lead: 0x1100, vowel: 0x1161, tail: 0x11a7, vowels: 21, tails: 28 };

export const isSyllable = (point: number): boolean => point >= hangul.first && point < hangul.first + hangul.count;

/** The two or three jamo of a syllable. */
export function takeApart(point: number, from: number, to: number, output: Text): void {
  const { first, lead, vowel, tail, vowels, tails } = hangul;
  const syllable = point - first;
  output.push(lead + Math.floor(syllable / (vowels * tails)), from, to);
  output.push(vowel + (Math.floor(syllable / tails) % vowels), from, to);
  if (syllable % tails !== 0) output.push(tail + (syllable % tails), from, to);
}

/** Whether a code point comes from where the one before it does, as those do that a decomposition adds. */
const wasInserted = ({ from, to }: Text, at: number): boolean =>
  at > 0 && from[at] === from[at - 1] && to[at] === to[at - 1];

interface Mark {
  point: number;
  order: number;
  isInserted: boolean;
}

/**
 * Canonical order: marks that follow one another are sorted by class. Where marks come from is told by places, as in the
 * reference: the first of them from the first place, whichever it is now.
 */
export function ordering(orders: Pages<Uint16Array>): TextStep {
  const sorted = (input: Text, begin: number, end: number, output: Text): void => {
    const marks: Mark[] = [];
    const places: number[] = [];
    for (let at = begin; at < end; at += 1) {
      const point = input.points[at]!;
      const isInserted = wasInserted(input, at);
      marks.push({ point, order: orders.get(point), isInserted });
      if (!isInserted) places.push(at);
    }
    let place = begin - 1;
    for (const { point, isInserted } of marks.sort((one, other) => one.order - other.order)) {
      if (!isInserted) place = places.shift()!;
      output.push(point, input.from[place] ?? 0, input.to[place] ?? 0);
    }
  };
  return (input, output) => {
    for (let at = 0; at < input.length; ) {
      let end = at;
      let [last, isSorted] = [0, true];
      for (let order = orders.get(input.points[at]!); order !== 0; order = orders.get(input.points[end]!)) {
        if (order < last) isSorted = false;
        last = order;
        end += 1;
        if (end === input.length) break;
      }
      if (!isSorted) sorted(input, at, end, output);
      else for (let index = at; index < Math.max(end, at + 1); index += 1) output.take(input, index);
      at = Math.max(end, at + 1);
    }
  };
}

function composedHangul(first: number, second: number): number {
  const [leads, vowels] = [first - hangul.lead, second - hangul.vowel];
  if (leads >= 0 && leads < 19 && vowels >= 0 && vowels < hangul.vowels)
    return hangul.first + (leads * hangul.vowels + vowels) * hangul.tails;
  const [syllable, tail] = [first - hangul.first, second - hangul.tail];
  const open = syllable >= 0 && syllable < hangul.count && syllable % hangul.tails === 0;
  return open && tail > 0 && tail < hangul.tails ? first + tail : -1;
}

/** What was composed took one place more: each mark that stayed between comes from one place later. */
function shift(output: Text, begin: number, input: Text, at: number): void {
  for (let index = begin; index < output.length; index += 1) {
    const [text, place] = index + 1 < output.length ? [output, index + 1] : [input, at];
    output.from[index] = text.from[place]!;
    output.to[index] = text.to[place]!;
  }
}

/** Puts together what canonical composition does. */
export function composing(orders: Pages<Uint16Array>, pairs: Trie): TextStep {
  const composed = (first: number, second: number): number => {
    const byRule = composedHangul(first, second);
    if (byRule >= 0) return byRule;
    const node = pairs.step(pairs.root(0), first);
    const pair = node < 0 ? -1 : pairs.step(node, second);
    return pair < 0 ? -1 : pairs.value(pair) - 1;
  };
  return (input, output) => {
    let starter = -1;
    let last = 0;
    for (let at = 0; at < input.length; at += 1) {
      const order = orders.get(input.points[at]!);
      if (starter >= 0 && (output.length - 1 === starter || last < order)) {
        const one = composed(output.points[starter]!, input.points[at]!);
        if (one >= 0) {
          output.points[starter] = one;
          if (!wasInserted(input, at)) shift(output, starter + (wasInserted(output, starter) ? 0 : 1), input, at);
          continue;
        }
      }
      output.take(input, at);
      if (order === 0) starter = output.length - 1;
      last = order;
    }
  };
}
