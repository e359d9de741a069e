import { writeFileSync } from 'node:fs';
import { encodeModel, node, seededRandom, tensor, tensorType, value } from '../../test/fixtures/onnx.ts';
import { bytes, int, text } from '../../test/fixtures/protobuf.ts';

export interface TransformerSize {
  layers: number;
  hidden: number;
  heads: number;
  vocabulary: number;
}

/** The sizes of all-MiniLM-L6-v2, whose file has 90 MB; the weights are random. */
export const miniLm: TransformerSize = { layers: 6, hidden: 384, heads: 12, vocabulary: 30_522 };

const positions = 512;
const shape = ['batch_size', 'sequence_length'];

/**
 * Writes a sentence encoder as exporters write BERT at opset 14: token ids in, `last_hidden_state` out; two thirds of the
 * nodes and half of the bytes are not matrices. No text model is to be had as a package. Answers the number of bytes.
 */
export function writeTransformer(path: string, size: TransformerSize, seed = 7): number {
  const graph = new Graph(size, seed);
  const embedded = graph.embed();
  const masked = graph.mask();
  let state = graph.layerNorm('embeddings', embedded);
  for (let i = 0; i < size.layers; i++) state = graph.layer(`layer.${i}`, state, masked);
  graph.nodes.push(node('Identity', [state], ['last_hidden_state']));
  const ids = ['input_ids', 'attention_mask', 'token_type_ids'];
  const model = encodeModel({
    opsets: { '': 14 },
    nodes: graph.nodes,
    initializers: graph.weights,
    inputs: ids.map((name) => value(name, tensorType('int64', shape))),
    outputs: [value('last_hidden_state', tensorType('float32', [...shape, size.hidden]))],
  });
  writeFileSync(path, model);
  return model.byteLength;
}

/** AttributeProto: of ints (7), and of one float (1). */
const ints = (name: string, values: number[]): Buffer =>
  bytes(5, Buffer.concat([text(1, name), ...values.map((one) => int(8, BigInt(one))), int(20, 7)]));
const whole = (name: string, one: number): Buffer =>
  bytes(5, Buffer.concat([text(1, name), int(3, BigInt(one)), int(20, 2)]));

class Graph {
  readonly nodes: Buffer[] = [];
  readonly weights: Buffer[] = [];
  readonly #size: TransformerSize;
  readonly #random: () => number;
  #next = 0;

  constructor(size: TransformerSize, seed: number) {
    this.#size = size;
    this.#random = seededRandom(seed);
    this.#constant('one', [], [1]);
    this.#constant('two', [], [2]);
    this.#constant('half', [], [0.5]);
    this.#constant('root2', [], [Math.SQRT2]);
    this.#constant('epsilon', [], [1e-12]);
    this.#constant('far', [], [-10_000]);
    this.#constant('scale', [], [Math.sqrt(size.hidden / size.heads)]);
    this.#whole('split', [0, 0, size.heads, size.hidden / size.heads]);
    this.#whole('merge', [0, 0, size.hidden]);
    this.#whole('axes12', [1, 2]);
    this.#whole('start', [0]);
    this.#whole('index1', [1]);
  }

  /** One node; returns the name of its output. */
  #op(type: string, inputs: string[], ...more: Buffer[]): string {
    const output = `t${this.#next++}`;
    this.nodes.push(node(type, inputs, [output], ...more));
    return output;
  }

  #constant(name: string, dims: number[], values: ArrayLike<number>): string {
    this.weights.push(tensor(name, 'float32', dims, new Uint8Array(Float32Array.from(values).buffer)));
    return name;
  }

  #whole(name: string, values: number[]): void {
    const raw = new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer);
    this.weights.push(tensor(name, 'int64', [values.length], raw));
  }

  #matrix(name: string, rows: number, columns: number): string {
    const scale = 2 * Math.sqrt(3 / rows);
    return this.#constant(
      name,
      [rows, columns],
      Float32Array.from({ length: rows * columns }, () => (this.#random() - 0.5) * scale),
    );
  }

  #filled(name: string, length: number, one: number): string {
    return this.#constant(name, [length], new Float32Array(length).fill(one));
  }

  #linear(name: string, input: string, from: number, to: number): string {
    const product = this.#op('MatMul', [input, this.#matrix(`${name}.weight`, from, to)]);
    return this.#op('Add', [this.#filled(`${name}.bias`, to, 0.01), product]);
  }

  embed(): string {
    const { hidden, vocabulary } = this.#size;
    const words = this.#op('Gather', [this.#matrix('words', vocabulary, hidden), 'input_ids']);
    const types = this.#op('Gather', [this.#matrix('types', 2, hidden), 'token_type_ids']);
    const places = this.#matrix('positions', positions, hidden);
    const length = this.#op('Gather', [this.#op('Shape', ['input_ids']), 'index1'], whole('axis', 0));
    const used = this.#op('Slice', [places, 'start', length]);
    return this.#op('Add', [this.#op('Add', [words, types]), used]);
  }

  /** 0 where attention may look, very negative elsewhere, as [batch, 1, 1, length]. */
  mask(): string {
    const wide = this.#op('Unsqueeze', ['attention_mask', 'axes12']);
    const inverted = this.#op('Sub', ['one', this.#op('Cast', [wide], whole('to', 1))]);
    return this.#op('Mul', [inverted, 'far']);
  }

  layerNorm(name: string, input: string): string {
    const last = ints('axes', [-1]);
    const centred = this.#op('Sub', [input, this.#op('ReduceMean', [input], last)]);
    const variance = this.#op('ReduceMean', [this.#op('Pow', [centred, 'two'])], last);
    const deviation = this.#op('Sqrt', [this.#op('Add', [variance, 'epsilon'])]);
    const scaled = this.#op('Mul', [
      this.#op('Div', [centred, deviation]),
      this.#filled(`${name}.gamma`, this.#size.hidden, 1),
    ]);
    return this.#op('Add', [scaled, this.#filled(`${name}.beta`, this.#size.hidden, 0)]);
  }

  layer(name: string, input: string, masked: string): string {
    const { hidden } = this.#size;
    const attended = this.#attend(`${name}.attention`, input, masked);
    const middle = this.layerNorm(`${name}.attention.norm`, this.#op('Add', [attended, input]));
    const wide = this.#linear(`${name}.up`, middle, hidden, hidden * 4);
    const error = this.#op('Erf', [this.#op('Div', [wide, 'root2'])]);
    const gelu = this.#op('Mul', [this.#op('Mul', [wide, this.#op('Add', [error, 'one'])]), 'half']);
    const narrow = this.#linear(`${name}.down`, gelu, hidden * 4, hidden);
    return this.layerNorm(`${name}.norm`, this.#op('Add', [narrow, middle]));
  }

  #attend(name: string, input: string, masked: string): string {
    const { hidden } = this.#size;
    const heads = (part: string, order: number[]): string => {
      const all = this.#linear(`${name}.${part}`, input, hidden, hidden);
      return this.#op('Transpose', [this.#op('Reshape', [all, 'split'])], ints('perm', order));
    };
    const scores = this.#op('MatMul', [heads('query', [0, 2, 1, 3]), heads('key', [0, 2, 3, 1])]);
    const weighed = this.#op('Add', [this.#op('Div', [scores, 'scale']), masked]);
    const values = heads('value', [0, 2, 1, 3]);
    const mixed = this.#op('MatMul', [this.#op('Softmax', [weighed], whole('axis', -1)), values]);
    const merged = this.#op('Reshape', [this.#op('Transpose', [mixed], ints('perm', [0, 2, 1, 3])), 'merge']);
    return this.#linear(`${name}.out`, merged, hidden, hidden);
  }
}
