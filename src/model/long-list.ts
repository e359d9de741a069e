import { NumberList } from './number-list.ts';

/** Elements of a part. */
const part = 4096;

/** The elements as doubles in row-major order. */
export class LongList extends NumberList {
  readonly shape: readonly number[];
  readonly data: Float64Array;

  constructor(shape: readonly number[], data: Float64Array) {
    super();
    this.shape = shape;
    this.data = data;
  }

  get length(): number {
    return this.shape[0] as number;
  }

  flat(): LongList {
    return new LongList([this.data.length], this.data);
  }

  firsts(): unknown {
    return this.shape.reduce<unknown>((inner) => [inner], this.data[0]);
  }

  placeOf(index: number): string {
    let [rest, place] = [index, ''];
    for (const size of this.shape.toReversed()) {
      place = `[${rest % size}]${place}`;
      rest = Math.floor(rest / size);
    }
    return place;
  }

  eachPart(take: (from: number, row: readonly number[]) => void): void {
    const { data } = this;
    const row = new Array<number>(Math.min(part, data.length)).fill(0);
    for (let from = 0; from < data.length; from += part) {
      row.length = Math.min(part, data.length - from);
      for (let i = 0; i < row.length; i++) row[i] = data[from + i] as number;
      take(from, row);
    }
  }
}
