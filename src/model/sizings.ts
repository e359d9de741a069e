import type { TensorInfo } from './tensor-info.ts';

/** Sizes for every dimension of the inputs that callers have to give. */
export interface Sizing {
  /** How many sizes for open dimensions were tried before. */
  turn: number;
  inputs: readonly TensorInfo[];
  /** One for each of `inputs`. */
  shapes: number[][];
}

/** Inputs of more elements are not made up; 256 MiB of float32. */
export const maxElements = 64 * 1024 * 1024;

/**
 * Sizes to try for dimensions that a model leaves open, until the graph takes some: what they may be is written nowhere in
 * it. The multiples suit images that are halved several times, the last ones audio windows.
 */
const openSizes = [4, 32, 1, 2, 8, 16, 64, 128, 256, 512];

/** Numbers of dimensions to try where a model does not declare them. */
const undeclaredRanks = [2, 1, 3, 4, 0];

type Declared = readonly (number | string)[];

/** In the order in which they are worth trying. Optional inputs are left out; shapes without open dimensions come three times. */
export function* sizingsFor(all: readonly TensorInfo[], sizes: readonly number[] = openSizes): Generator<Sizing> {
  const inputs = all.filter((info) => !info.optional);
  const fixed = inputs.every((info) => info.shape?.every((size) => typeof size === 'number'));
  const ranks = inputs.some((info) => info.shape === null) ? undeclaredRanks : [0];
  for (const [turn, size] of (fixed ? [1, 1, 1] : sizes).entries()) {
    for (const rank of ranks) {
      const ranked = inputs.map((info): Declared => info.shape ?? new Array<string>(rank).fill(''));
      // All open dimensions with one size, then only those of the first input: the others are usually states and
      // lengths.
      for (const others of new Set([size, 1])) {
        const shapes = sizesOf(ranked, size, others);
        if (shapes.reduce((sum, shape) => sum + countOf(shape), 0) <= maxElements) yield { turn, inputs, shapes };
      }
    }
  }
}

/** An open first dimension is a batch more often than not. Dimensions of one name are of one size. */
function sizesOf(shapes: readonly Declared[], size: number, others: number): number[][] {
  const named = new Map<string, number>();
  return shapes.map((shape, input) =>
    shape.map((dimension, axis) => {
      if (typeof dimension === 'number') return dimension;
      const fresh = axis === 0 ? 1 : input === 0 ? size : others;
      if (dimension === '') return fresh;
      const chosen = named.get(dimension) ?? fresh;
      named.set(dimension, chosen);
      return chosen;
    }),
  );
}

export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
