import { elementsToJson } from '../../model/tensor-format.ts';
import { acceptedCoding, GzipPieces, isOfDigits } from '../http/packing.ts';
import { uniqueId } from '../unique-id.ts';
import type { Elements, Put } from './tensors-out.ts';
import { inTurns } from './turns.ts';

/** Written in one turn of the event loop, and packed in one piece, characters: 5 to 10 ms. */
const textPerTurn = 250_000;
/** Elements that are made into text at a time. */
const elementsAtOnce = 8192;

type Make = (put: Put) => unknown;

/**
 * A document as JSON.stringify writes it, with large tensors, which are written in turns and never are lists of objects:
 * those of a body of 64 MB took 4 s and 0.5 GB.
 */
export async function writeLarge(make: Make): Promise<Buffer> {
  const parts: Buffer[] = [];
  await writeInTurns(make, (part) => parts.push(part));
  return Buffer.concat(parts);
}

/**
 * The same for a caller who takes gzip, packed beside the writing, so that little is left to do when the last part is
 * written. As it is where another coding is preferred, or references would shorten it, which need it whole.
 */
export async function writeAhead(make: Make, accepted: string): Promise<{ body: Buffer; coding?: 'gzip' }> {
  const parts: Buffer[] = [];
  let gzip: GzipPieces | undefined;
  const wanted = acceptedCoding(accepted) === 'gzip';
  await writeInTurns(make, (part) => {
    parts.push(part);
    if (parts.length === 1 && wanted && isOfDigits(part)) gzip = new GzipPieces();
    gzip?.add(part);
  });
  return gzip ? { body: await gzip.end(), coding: 'gzip' } : { body: Buffer.concat(parts) };
}

async function writeInTurns(make: Make, take: (part: Buffer) => void): Promise<void> {
  // No text of a caller can be taken for it.
  const mark = uniqueId();
  const all: Elements[] = [];
  const text = JSON.stringify(make((elements) => `${mark}${all.push(elements)}`));
  await inTurns(writeAll(text.split(new RegExp(`"${mark}\\d+"`)), all, take));
}

function* writeAll(
  between: readonly string[],
  all: readonly Elements[],
  take: (part: Buffer) => void,
): Generator<undefined, void> {
  let text = '';
  for (const [index, before] of between.entries()) {
    text += before;
    const elements = all[index];
    for (const piece of elements ? piecesOf(elements) : []) {
      text += piece;
      if (text.length < textPerTurn) continue;
      take(Buffer.from(text));
      text = '';
      yield;
    }
  }
  take(Buffer.from(text));
}

function* piecesOf({ tensor, shape, asNumbers }: Elements): Generator<string> {
  const { dtype, data } = tensor;
  const separators = separatorsOf(shape.length);
  const sizes = listSizes(shape);
  const row = shape.at(-1) || 1;
  yield '['.repeat(shape.length);
  for (let from = 0; from < data.length; from += elementsAtOnce) {
    const elements = elementsToJson(dtype, data.slice(from, from + elementsAtOnce));
    let text = '';
    for (let offset = 0, next = 0; offset < elements.length; offset = next) {
      const index = from + offset;
      next = Math.min(elements.length, offset + row - (index % row));
      let ended = 0;
      while (ended < sizes.length && index % (sizes[ended] as number) === 0) ended++;
      if (index > 0) text += separators[ended];
      const some = next - offset < elements.length ? elements.slice(offset, next) : elements;
      text += asNumbers ? some.join(',') : JSON.stringify(some).slice(1, -1);
    }
    yield text;
  }
  yield ']'.repeat(shape.length);
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
