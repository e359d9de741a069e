import { elementsToJson } from '../../model/tensor-format.ts';
import { uniqueId } from '../unique-id.ts';
import type { Elements, Put } from './tensors-out.ts';
import { inTurns } from './turns.ts';

/** Elements written in one turn of the event loop: 5 to 20 ms. */
const elementsPerTurn = 16_384;

/**
 * A document as JSON.stringify writes it, with large tensors, which are written in turns and never are lists of objects:
 * those of a body of 64 MB took 4 s and 0.5 GB.
 */
export async function writeLarge(make: (put: Put) => unknown): Promise<Buffer> {
  // No text of a caller can be taken for it.
  const mark = uniqueId();
  const all: Elements[] = [];
  const text = JSON.stringify(make((elements) => `${mark}${all.push(elements)}`));
  return Buffer.concat(await inTurns(writeAll(text.split(new RegExp(`"${mark}\\d+"`)), all)));
}

function* writeAll(between: readonly string[], all: readonly Elements[]): Generator<undefined, Buffer[]> {
  const parts: Buffer[] = [];
  for (const [index, text] of between.entries()) {
    parts.push(Buffer.from(text));
    const elements = all[index];
    if (elements) yield* writeElements(elements, parts);
  }
  return parts;
}

function* writeElements({ tensor, shape, asNumbers }: Elements, parts: Buffer[]): Generator<undefined, void> {
  const { dtype, data } = tensor;
  const separators = separatorsOf(shape.length);
  const sizes = listSizes(shape);
  parts.push(Buffer.from('['.repeat(shape.length)));
  for (let from = 0; from < data.length; from += elementsPerTurn) {
    const elements = elementsToJson(dtype, data.slice(from, from + elementsPerTurn));
    let text = '';
    for (let offset = 0; offset < elements.length; offset++) {
      const element = elements[offset];
      const index = from + offset;
      let ended = 0;
      while (ended < sizes.length && index % (sizes[ended] as number) === 0) ended++;
      if (index > 0) text += separators[ended];
      text += typeof element === 'string' && !asNumbers ? JSON.stringify(element) : String(element);
    }
    parts.push(Buffer.from(text));
    yield;
  }
  parts.push(Buffer.from(']'.repeat(shape.length)));
}

/** What stands between two elements, by the number of lists that end there. */
const separatorsOf = (rank: number): string[] =>
  Array.from({ length: rank }, (_, ended) => `${']'.repeat(ended)},${'['.repeat(ended)}`);

/** Elements in a list of each level but the outermost, the innermost first. */
function listSizes(shape: readonly number[]): number[] {
  const sizes: number[] = [];
  let size = 1;
  for (const length of shape.slice(1).toReversed()) {
    size *= length;
    sizes.push(size);
  }
  return sizes;
}
