/** A value for each code point, in pages of 256 of which equal ones are stored once. */
export class Pages<T extends Uint16Array | Uint32Array> {
  readonly #index: Uint16Array;
  readonly #values: T;

  constructor(index: Uint16Array, values: T) {
    this.#index = index;
    this.#values = values;
  }

  get(point: number): number {
    return this.#values[((this.#index[point >>> 8] as number) << 8) | (point & 255)] as number;
  }
}

/** How many code points there are. */
export const pointCount = 0x110000;

/** @param values by code point, as many as there are */
export function paged<T extends Uint16Array | Uint32Array>(values: T): { index: Uint16Array; values: T } {
  const Kind = values.constructor as { new (length: number): T };
  const index = new Uint16Array(pointCount >>> 8);
  // The first page is the empty one.
  const found: T[] = [new Kind(256)];
  const known = new Map<string, number>();
  for (let high = 0; high < index.length; high += 1) {
    const page = values.subarray(high << 8, (high + 1) << 8) as T;
    if (page.every((value) => value === 0)) continue;
    const key = page.join();
    if (!known.has(key)) known.set(key, found.push(page) - 1);
    index[high] = known.get(key) as number;
  }
  const flat = new Kind(found.length * 256);
  for (const [at, page] of found.entries()) flat.set(page, at * 256);
  return { index, values: flat };
}
