import { readSync } from 'node:fs';

const blockBytes = 64 * 1024;
/** Above what any real model has; they bound what a file made to exhaust memory can cost. */
const listLimit = 1_000_000;
const textLimit = 4096;

/**
 * Fields of a model in ONNX Runtime's format by their place in a table: onnxruntime/core/flatbuffers/schema/ort.fbs of
 * v1.30.0.
 */
export const ortField = {
  session: { model: 1 },
  model: { graph: 7 },
  graph: { initializers: 0, values: 1, nodes: 2, inputs: 5, outputs: 6 },
  node: { name: 0, operator: 5, inputs: 8, outputs: 9, attributes: 10, implicitInputs: 12 },
  attribute: { type: 2 },
  value: { name: 0, type: 2 },
  type: { kind: 1, value: 2 },
  tensorType: { element: 0, shape: 1 },
  tensor: { name: 0 },
};

/** The top graph of a model in ONNX Runtime's format; undefined where there is none. */
export function graphOfOrt(flat: FlatBufferFile): number | undefined {
  const model = flat.follow(flat.offset(0), ortField.session.model);
  return model && flat.follow(model, ortField.model.graph);
}

/**
 * FlatBuffers in a file, read by position: what lies in between is not touched. Places are byte offsets in it. Tables,
 * vectors and strings: https://flatbuffers.dev/internals/ Throws RangeError for what is none.
 */
export class FlatBufferFile {
  readonly #file: number;
  readonly #blocks = new Map<number, Buffer>();

  constructor(file: number) {
    this.#file = file;
  }

  /** Where the offset at this place points. */
  offset(at: number): number {
    return at + this.#number(at, 4);
  }

  /** Where the table's list of its fields' places is, which tables of one kind may share. */
  places(table: number): number {
    return table - (this.#number(table, 4) | 0);
  }

  /** Where the table's field is; undefined where the table leaves it out. */
  field(table: number, index: number): number | undefined {
    const places = this.places(table);
    const entry = 4 + 2 * index;
    const place = entry < this.#number(places, 2) ? this.#number(places + entry, 2) : 0;
    return place === 0 ? undefined : table + place;
  }

  /** Where the table's field points; undefined where the table leaves it out. */
  follow(table: number, index: number): number | undefined {
    const place = this.field(table, index);
    return place === undefined ? undefined : this.offset(place);
  }

  /** The tables or texts of a list in a table; none where the table leaves it out. */
  list(table: number, index: number): number[] {
    const found = this.follow(table, index);
    return found === undefined ? [] : this.vector(found);
  }

  /** Texts of a list in a table. */
  texts(table: number, index: number): string[] {
    return this.list(table, index).map((place) => this.text(place));
  }

  /** A whole number of 1 or 4 bytes in a table; 0, which is written as nothing, where the table leaves it out. */
  whole(table: number, index: number, bytes: 1 | 4): number {
    const place = this.field(table, index);
    return place === undefined ? 0 : this.#number(place, bytes);
  }

  /** Bytes of a table without what its fields point to. */
  tableBytes(table: number): number {
    return this.#number(this.places(table) + 2, 2);
  }

  /** What each of the vector's offsets points to. */
  vector(at: number): number[] {
    const length = this.#number(at, 4);
    if (length > listLimit) throw new RangeError(`a list of ${length}`);
    return Array.from({ length }, (_, index) => this.offset(at + 4 + 4 * index));
  }

  text(at: number): string {
    const length = this.#number(at, 4);
    if (length > textLimit) throw new RangeError(`a text of ${length} bytes`);
    return this.#bytes(at + 4, length).toString('utf8');
  }

  #number(at: number, bytes: number): number {
    return this.#bytes(at, bytes).readUIntLE(0, bytes);
  }

  #bytes(at: number, length: number): Buffer {
    const block = Math.floor(at / blockBytes);
    const within = at - block * blockBytes;
    const found = this.#block(block).subarray(within, within + length);
    if (found.length === length) return found;
    if (within + length <= blockBytes) throw new RangeError(`the file ends at ${at + found.length}`);
    return Buffer.concat([found, this.#bytes((block + 1) * blockBytes, length - found.length)]);
  }

  #block(index: number): Buffer {
    let block = this.#blocks.get(index);
    if (!block) {
      const buffer = Buffer.allocUnsafe(blockBytes);
      block = buffer.subarray(0, readSync(this.#file, buffer, 0, blockBytes, index * blockBytes));
      this.#blocks.set(index, block);
    }
    return block;
  }
}
