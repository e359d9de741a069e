import type { FlatFile } from '../flat-file.ts';
import { composing, isSyllable, ordering, takeApart } from './canonical.ts';
import { Class, type Classes } from './classes.ts';
import { Pages } from './pages.ts';
import { Precompiled } from './precompiled.ts';
import { Text, type TextStep } from './text.ts';
import { trieOf } from './trie.ts';

/** What compiled normalizers do, in order. */
export type NormalizerStep =
  | { do: 'map'; map: number; hangul?: boolean }
  | { do: 'order' }
  | { do: 'compose' }
  | { do: 'precompiled'; prepends: number[] }
  | { do: 'prepend'; points: number[] }
  | { do: 'strip'; left: boolean; right: boolean }
  /** `least`: so many of the one point at the least, and all that follow; without it the pattern itself. */
  | { do: 'replace'; pattern: number[]; content: number[]; least?: number };

/** Of a map, a value is 0 for what stays, else one more than the place of what comes instead, in units of 32, and its length. */
export const packReplacement = (at: number, length: number): number => ((at << 5) | length) + 1;

function mapping(file: FlatFile<unknown>, map: number, decomposesHangul: boolean): TextStep {
  const pages = new Pages<Uint32Array>(file.section(`map${map}.index`), file.section(`map${map}.values`));
  const pool = file.section<Uint32Array>(`map${map}.pool`);
  return (input, output) => {
    for (let at = 0; at < input.length; at += 1) {
      const point = input.points[at]!;
      const [from, to] = [input.from[at]!, input.to[at]!];
      const packed = pages.get(point);
      if (packed === 0) {
        if (decomposesHangul && isSyllable(point)) takeApart(point, from, to, output);
        else output.push(point, from, to);
        continue;
      }
      const place = (packed - 1) >>> 5;
      const length = (packed - 1) & 31;
      for (let index = 0; index < length; index += 1) output.push(pool[place + index]!, from, to);
    }
  };
}

const prepending =
  (points: readonly number[]): TextStep =>
  (input, output) => {
    if (input.length > 0) for (const point of points) output.push(point, input.from[0]!, input.to[0]!);
    for (let at = 0; at < input.length; at += 1) output.take(input, at);
  };

const stripping =
  (classes: Classes, left: boolean, right: boolean): TextStep =>
  (input, output) => {
    let [begin, end] = [0, input.length];
    const isSpace = (at: number): boolean => (classes.get(input.points[at]!) & Class.space) !== 0;
    while (left && begin < end && isSpace(begin)) begin += 1;
    while (right && end > begin && isSpace(end - 1)) end -= 1;
    for (let at = begin; at < end; at += 1) output.take(input, at);
  };

function matches(input: Text, at: number, pattern: readonly number[]): boolean {
  for (let index = 0; index < pattern.length; index += 1)
    if (at + index >= input.length || input.points[at + index] !== pattern[index]) return false;
  return true;
}

function replacing(pattern: readonly number[], content: readonly number[], least?: number): TextStep {
  return (input, output) => {
    for (let at = 0; at < input.length; ) {
      let length = matches(input, at, pattern) ? pattern.length : 0;
      if (least !== undefined && length > 0) {
        while (matches(input, at + length, pattern)) length += 1;
        if (length < least) length = 0;
      }
      if (length === 0) output.take(input, at);
      // What comes instead belongs to the last of what it replaces.
      else for (const point of content) output.push(point, input.from[at + length - 1]!, input.to[at + length - 1]!);
      at += length || 1;
    }
  };
}

/** Runs the steps of a compiled normalizer. The text it returns is good until the next run. */
export class Normalizer {
  readonly #work: TextStep[];
  #one = new Text();
  #other = new Text();

  constructor(steps: readonly NormalizerStep[], file: FlatFile<unknown>, classes: Classes) {
    const orders = (): Pages<Uint16Array> => new Pages(file.section('order.index'), file.section('order.values'));
    this.#work = steps.map((step) => {
      if (step.do === 'map') return mapping(file, step.map, step.hangul === true);
      if (step.do === 'order') return ordering(orders());
      if (step.do === 'compose') return composing(orders(), trieOf(file, 'pairs'));
      if (step.do === 'precompiled') {
        const [trie, texts] = [file.section<Uint32Array>('charsmap.trie'), file.section<Uint8Array>('charsmap.texts')];
        const map = new Precompiled(trie, texts, step.prepends, classes);
        return (input, output) => map.run(input, output);
      }
      if (step.do === 'prepend') return prepending(step.points);
      if (step.do === 'strip') return stripping(classes, step.left, step.right);
      return replacing(step.pattern, step.content, step.least);
    });
  }

  run(text: Text, begin: number, end: number): Text {
    this.#one.clear();
    for (let at = begin; at < end; at += 1) this.#one.take(text, at);
    for (const work of this.#work) {
      this.#other.clear();
      work(this.#one, this.#other);
      [this.#one, this.#other] = [this.#other, this.#one];
    }
    return this.#one;
  }
}
