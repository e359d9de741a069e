import type { Tensors } from '../handler/session/session.ts';
import { countOf, sizingsFor } from '../model/sizings.ts';
import type { Dtype, TensorInfo } from '../model/tensor-info.ts';
import { parseTensor } from '../model/tensor-json.ts';

/** mulberry32, public domain: the same model is compared on the same inputs on every machine. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** Sizes as callers send them come first: pictures, windows of sound and sentences are larger than what a graph just takes. */
const plausibleSizes = [32, 64, 224, 4, 1, 2, 8, 16, 128, 256, 512];

/**
 * Made-up inputs of the declared types and shapes, in the order in which they are worth trying. Optional ones are left
 * out. In turn they are noise around zero, smooth as pictures and sound are, and alike everywhere.
 * @param size `plausible` for those that a form is compared on, `small` for those that are written down
 */
export function* syntheticInputs(
  inputs: readonly TensorInfo[],
  size: 'plausible' | 'small' = 'plausible',
): Generator<Tensors> {
  let made = 0;
  for (const { turn, inputs: required, shapes } of sizingsFor(inputs, size === 'small' ? undefined : plausibleSizes)) {
    // Integers are indices as often as not: small ones first, then only 0 and 1.
    const most = turn % 2 === 0 ? 3 : 1;
    yield feedsOf(required, shapes, most, randomFrom(turn + 1), made++ % 3);
  }
}

function feedsOf(
  inputs: readonly TensorInfo[],
  shapes: readonly number[][],
  maxInteger: number,
  random: () => number,
  kind: number,
): Tensors {
  const feeds: Tensors = new Map();
  for (const [input, info] of inputs.entries()) {
    const shape = shapes[input] as number[];
    const element = elementOf(info.dtype, maxInteger, random, kind);
    const data = Array.from({ length: countOf(shape) }, (_, at) => element(at));
    feeds.set(info.name, parseTensor({ shape, data }, info));
  }
  return feeds;
}

type Element = (at: number) => number | boolean | string;

function elementOf(dtype: Dtype, maxInteger: number, random: () => number, kind: number): Element {
  if (dtype === 'bool') return () => random() < 0.5;
  if (dtype === 'string') return () => String(Math.floor(random() * 10));
  if (!dtype.includes('float')) return () => Math.floor(random() * (maxInteger + 1));
  if (kind === 0) return () => random() * 2 - 1;
  return kind === 1 ? (at) => Math.sin(at / 16) / 2 + 0.5 : () => 0.5;
}
