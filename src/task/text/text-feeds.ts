import type { TextSection } from '../../model/task.ts';
import type { TensorInfo } from '../../model/tensor-info.ts';
import { type Encoding, TruncationError } from '../../tokenizer/encode/template.ts';
import type { Tokenizer } from '../../tokenizer/encode/tokenizer.ts';
import { type Refusal, type Signature, TaskError, type Tensors } from '../task.ts';
import type { TextItem } from './read-texts.ts';

/** A text of a request, encoded. */
export interface Encoded {
  /** Its place in the list. */
  at: number;
  item: TextItem;
  encoding: Encoding;
}

/** What a run is made of: its texts, and the tensors of them. */
export interface TextRun {
  texts: readonly Encoded[];
  /** Tokens of a row, padding included. */
  length: number;
  /** 1 for tokens, 0 for padding, row by row. */
  mask: Uint8Array;
  feeds: Tensors;
}

/** Tokens of one run, padding included: more gain no time, and cost memory. */
const tokensOfRun = 8192;
const rowsOfRun = 256;

/** Turns texts into the tensors of runs: `input_ids`, and `attention_mask` and `token_type_ids` where the graph has them. */
export class TextFeeds {
  readonly #tokenizer: Tokenizer;
  readonly #section: TextSection;
  readonly #inputs: readonly TensorInfo[];
  /** Texts of one run, where the graph fixes them. */
  readonly #fixedRows: number | undefined;
  readonly #fixedLength: number | undefined;
  readonly #hasMask: boolean;

  constructor(tokenizer: Tokenizer, section: TextSection, { inputs }: Signature) {
    this.#tokenizer = tokenizer;
    this.#section = section;
    this.#inputs = inputs.filter(({ name }) => isTextInput(name));
    const [rows, length] = this.#inputs.find(({ name }) => name === 'input_ids')?.shape ?? [];
    this.#fixedRows = typeof rows === 'number' ? rows : undefined;
    this.#fixedLength = typeof length === 'number' ? length : undefined;
    this.#hasMask = this.#inputs.some(({ name }) => name === 'attention_mask');
  }

  /**
   * Texts of like length share a run, so that little is padding. A graph without a mask would take padding for text, so
   * there only texts of one length share one.
   */
  *runs(items: readonly TextItem[], alone: boolean): Generator<TextRun | Refusal> {
    const encoded: Encoded[] = [];
    for (const [at, item] of items.entries()) {
      const encoding = this.#encode(item);
      if (encoding instanceof TaskError) yield { items: [at], error: encoding };
      else encoded.push({ at, item, encoding });
    }
    encoded.sort((a, b) => a.encoding.ids.length - b.encoding.ids.length);
    for (let from = 0; from < encoded.length; ) {
      const count = alone ? 1 : this.#fitting(encoded, from);
      yield this.#run(encoded.slice(from, from + count));
      from += count;
    }
  }

  #encode({ text, pair }: TextItem): Encoding | TaskError {
    const { max_tokens, special_in_text } = this.#section;
    const maxTokens = Math.min(max_tokens, this.#fixedLength ?? max_tokens);
    try {
      const encoding = this.#tokenizer.encode(text, pair, { maxTokens, specialInText: special_in_text });
      if (encoding.ids.length > 0) return encoding;
      return new TaskError(400, 'bad-input', 'The text has no tokens.');
    } catch (error) {
      if (error instanceof TruncationError || error instanceof RangeError)
        return new TaskError(400, 'bad-input', error.message);
      throw error;
    }
  }

  /** How many of the sorted texts go into one run. */
  #fitting(encoded: readonly Encoded[], from: number): number {
    const most = this.#fixedRows ?? rowsOfRun;
    const first = this.#padded((encoded[from] as Encoded).encoding.ids.length);
    let count = 1;
    while (count < most && from + count < encoded.length) {
      const length = this.#padded((encoded[from + count] as Encoded).encoding.ids.length);
      const fits = this.#fixedRows !== undefined || (count + 1) * length <= tokensOfRun;
      if (!fits || (!this.#hasMask && length !== first)) break;
      count += 1;
    }
    return count;
  }

  #padded(length: number): number {
    if (this.#fixedLength !== undefined) return this.#fixedLength;
    const { multiple = 1 } = this.#section.padding;
    return this.#hasMask ? Math.ceil(length / multiple) * multiple : length;
  }

  #run(texts: readonly Encoded[]): TextRun {
    const length = this.#padded((texts.at(-1) as Encoded).encoding.ids.length);
    const rows = this.#fixedRows ?? texts.length;
    const mask = new Uint8Array(rows * length);
    const values = { input_ids: mask.length, attention_mask: mask.length, token_type_ids: mask.length };
    const { id, type, side } = this.#section.padding;
    const ids = new Int32Array(values.input_ids).fill(id);
    const types = new Int32Array(values.token_type_ids).fill(type);
    for (let row = 0; row < rows; row += 1) {
      // What a fixed number of rows has too many repeats the last text.
      const { encoding } = texts[Math.min(row, texts.length - 1)] as Encoded;
      const from = row * length + (side === 'left' ? length - encoding.ids.length : 0);
      ids.set(encoding.ids, from);
      types.set(encoding.types, from);
      mask.fill(1, from, from + encoding.ids.length);
    }
    const byName = { input_ids: ids, attention_mask: mask, token_type_ids: types };
    const feeds: Tensors = new Map();
    for (const { name, dtype } of this.#inputs)
      feeds.set(name, { dtype, shape: [rows, length], data: toData(byName[name as TextInput], dtype) });
    return { texts, length, mask, feeds };
  }
}

export const textInputs = ['input_ids', 'attention_mask', 'token_type_ids'] as const;
type TextInput = (typeof textInputs)[number];
const isTextInput = (name: string): name is TextInput => (textInputs as readonly string[]).includes(name);

function toData(values: Int32Array | Uint8Array, dtype: TensorInfo['dtype']): Int32Array | BigInt64Array {
  if (dtype === 'int32') return Int32Array.from(values);
  const wide = new BigInt64Array(values.length);
  // The low words, little-endian as everywhere that functions run: a bigint for each would take longer than encoding.
  const words = new Int32Array(wide.buffer);
  for (let at = 0; at < values.length; at += 1) words[at * 2] = values[at] as number;
  return wide;
}
