/**
 * Stands in a parsed JSON document for a list of numbers, or of such lists that are all equally long, without an object
 * for each. What it does is read with large documents alone (src/model/long-list.ts).
 */
export abstract class NumberList {
  /** Sizes of the levels, the outermost first. */
  abstract readonly shape: readonly number[];
  /** Of the outermost list. */
  abstract readonly length: number;
  /** The same elements in one list. */
  abstract flat(): NumberList;
  /** The first element, as deep in lists. */
  abstract firsts(): unknown;
  /** The index of an element as nested lists have it: `[0][3]`. */
  abstract placeOf(index: number): string;
  /** Gives all elements in lists of a few thousand, each with the index of its first; a list is valid until the next. */
  abstract eachPart(take: (from: number, row: readonly number[]) => void): void;
}
