import { readSync } from 'node:fs';
import type { GraphNode } from './graph-nodes.ts';

const blockBytes = 64 * 1024;
/** Above what any real model has; they bound what a file made to exhaust memory can cost. */
const listLimit = 1_000_000;
const textLimit = 4096;

/** Fields by their place in a table: onnxruntime/core/flatbuffers/schema/ort.fbs of v1.30.0. */
const field = { session: { model: 1 }, model: { graph: 7 }, graph: { nodes: 2 } };
const nodeField = { name: 0, operator: 5, inputs: 8, outputs: 9, implicitInputs: 12 };

/**
 * Nodes of the top graph of a model in the format of ONNX Runtime, read by position: the weights in between are not
 * touched. Tables, vectors and strings: https://flatbuffers.dev/internals/ Throws RangeError for what is none.
 */
export function nodesOfOrt(file: number): GraphNode[] {
  const flat = new FlatFile(file);
  const session = flat.offset(0);
  const model = flat.follow(session, field.session.model);
  const graph = model && flat.follow(model, field.model.graph);
  const nodes = graph && flat.follow(graph, field.graph.nodes);
  if (!nodes) return [];
  return flat.vector(nodes).map((at) => {
    const text = (index: number): string => {
      const found = flat.follow(at, index);
      return found ? flat.text(found) : '';
    };
    const texts = (index: number): string[] => {
      const found = flat.follow(at, index);
      return found ? flat.vector(found).map((place) => flat.text(place)) : [];
    };
    return {
      operator: text(nodeField.operator),
      name: text(nodeField.name),
      inputs: [...texts(nodeField.inputs), ...texts(nodeField.implicitInputs)],
      outputs: texts(nodeField.outputs),
    };
  });
}

/** FlatBuffers in a file. Places are byte offsets in it. */
class FlatFile {
  readonly #file: number;
  readonly #blocks = new Map<number, Buffer>();

  constructor(file: number) {
    this.#file = file;
  }

  /** Where the offset at this place points. */
  offset(at: number): number {
    return at + this.#number(at, 4);
  }

  /** Where the table's field points; undefined where the table leaves it out. */
  follow(table: number, index: number): number | undefined {
    const entries = table - (this.#number(table, 4) | 0);
    const entry = 4 + 2 * index;
    const place = entry < this.#number(entries, 2) ? this.#number(entries + entry, 2) : 0;
    return place === 0 ? undefined : this.offset(table + place);
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
