import type { TextEmbedding } from '../../model/task.ts';
import type { Tokenizer } from '../../tokenizer/encode/tokenizer.ts';
import { type Floats, floatsOf, mismatch } from '../rows.ts';
import { floatSchema, toFloatJson } from '../scores.ts';
import type { Signature, Task } from '../task.ts';
import { readTexts, type TextItem } from './read-texts.ts';
import { TextFeeds, type TextRun } from './text-feeds.ts';
import { textTask } from './text-task.ts';

/** Texts, or pairs, to a vector each, as sentence-transformers makes them. */
export function textEmbedding(section: TextEmbedding, tokenizer: Tokenizer, signature: Signature): Task<TextItem> {
  const { kind, output, pooling, normalize } = section;
  return textTask(kind, new TextFeeds(tokenizer, section.text, signature), {
    read: (body) => readTexts(body, []),
    output,
    schemas: { prediction: { type: 'array', items: floatSchema } },
    answer(run, outputs) {
      const rows = [...run.feeds.values()][0]!.shape[0]!;
      const floats = floatsOf(outputs, output, [pooling === 'none' ? 2 : 3], rows);
      if (pooling !== 'none' && floats.shape[1] !== run.length)
        throw mismatch(`the output ${output} has ${floats.shape[1]} vectors for ${run.length} tokens`);
      return run.texts.map((_text, row) => {
        const vector = pooling === 'none' ? rowOf(floats, row) : pool(floats, run, row, pooling);
        return Array.from(normalize ? scaled(vector) : vector, toFloatJson);
      });
    },
  });
}

function rowOf({ data, shape }: Floats, row: number): Float64Array {
  const size = shape[1] as number;
  return Float64Array.from({ length: size }, (_, at) => data[row * size + at]!);
}

/** Padding has no part in it. */
function pool(
  { data, shape }: Floats,
  { mask, length }: TextRun,
  row: number,
  how: 'mean' | 'cls' | 'last',
): Float64Array {
  const size = shape[2] as number;
  const first = mask.indexOf(1, row * length) - row * length;
  const last = mask.subarray(row * length, (row + 1) * length).lastIndexOf(1);
  const [from, to] = how === 'mean' ? [first, last] : how === 'cls' ? [first, first] : [last, last];
  const vector = new Float64Array(size);
  for (let token = from; token <= to; token += 1) {
    const start = (row * length + token) * size;
    for (let at = 0; at < size; at += 1) vector[at] = vector[at]! + data[start + at]!;
  }
  return how === 'mean' ? vector.map((sum) => sum / (to - from + 1)) : vector;
}

/** As PyTorch's normalize, which leaves a vector of nothing but zeros as it is. */
function scaled(vector: Float64Array): Float64Array {
  const length = Math.max(Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)), 1e-12);
  return vector.map((value) => value / length);
}
