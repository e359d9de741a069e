import type { Tensors } from '../handler/session.ts';
import type { DeclaredShape, Dtype, TensorInfo } from '../model/manifest.ts';
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

/** More than this is not made up: a model of such inputs needs a golden sample. */
const mostElements = 64 * 1024 * 1024;

/**
 * Sizes to try for free dimensions, until the graph takes some: what they may be is written nowhere in a model. The
 * multiples suit images that are halved several times, the last ones audio windows.
 */
const freeSizes = [4, 32, 1, 2, 8, 16, 64, 128, 256, 512];

/** Numbers of dimensions to try where a model does not declare them. */
const undeclaredRanks = [2, 1, 3, 4, 0];

type Ranked = TensorInfo & { shape: DeclaredShape };

/** Made-up inputs of the declared types and shapes, in the order in which they are worth trying. Optional ones are left out. */
export function* syntheticInputs(inputs: readonly TensorInfo[]): Generator<Tensors> {
  const required = inputs.filter((info) => !info.optional);
  const fixed = required.every((info) => info.shape?.every((size) => typeof size === 'number'));
  const ranks = required.some((info) => info.shape === null) ? undeclaredRanks : [0];
  for (const [i, size] of (fixed ? [1, 1] : freeSizes).entries()) {
    for (const rank of ranks) {
      const ranked = required.map((info): Ranked => ({ ...info, shape: info.shape ?? Array(rank).fill('') }));
      // All free dimensions alike, then those of the first input alone: the others are states and lengths as a rule.
      for (const others of new Set([size, 1])) {
        // Integers are indices as often as not: small ones first, then only 0 and 1.
        const most = i % 2 === 0 ? 3 : 1;
        const feeds = feedsOf(ranked, sizesOf(ranked, size, others), most, randomFrom(i + 1));
        if (feeds) yield feeds;
      }
    }
  }
}

type SizeOf = (input: number, axis: number, name: string) => number;

/** A free first dimension is a batch more often than not. Dimensions of one name are of one size. */
function sizesOf(inputs: readonly Ranked[], size: number, others: number): SizeOf {
  const named = new Map<string, number>();
  const sizeAt: SizeOf = (input, axis) => (axis === 0 ? 1 : input === 0 ? size : others);
  for (const [input, info] of inputs.entries()) {
    for (const [axis, name] of info.shape.entries()) {
      if (typeof name === 'string' && name !== '' && !named.has(name)) named.set(name, sizeAt(input, axis, name));
    }
  }
  return (input, axis, name) => named.get(name) ?? sizeAt(input, axis, name);
}

function feedsOf(
  inputs: readonly Ranked[],
  sizeOf: SizeOf,
  mostInteger: number,
  random: () => number,
): Tensors | undefined {
  const feeds: Tensors = new Map();
  for (const [input, info] of inputs.entries()) {
    const shape = info.shape.map((size, axis) => (typeof size === 'number' ? size : sizeOf(input, axis, size)));
    const count = shape.reduce((product, size) => product * size, 1);
    if (count > mostElements) return undefined;
    const element = elementOf(info.dtype, mostInteger, random);
    feeds.set(info.name, parseTensor({ shape, data: Array.from({ length: count }, element) }, info));
  }
  return feeds;
}

function elementOf(dtype: Dtype, mostInteger: number, random: () => number): () => number | boolean | string {
  if (dtype === 'bool') return () => random() < 0.5;
  if (dtype === 'string') return () => String(Math.floor(random() * 10));
  if (dtype.includes('float')) return () => random() * 2 - 1;
  return () => Math.floor(random() * (mostInteger + 1));
}
