import { isFilePath, nameRules } from '../model/names.ts';
import type { ExternalTensor } from './external-tensors.ts';
import { ModelFault } from './model-fault.ts';

/** Where the values of a tensor lie. */
export interface ExternalRange {
  /** For messages: `the tensor "w"`. */
  tensor: string;
  /** Of the file, relative to the model's folder, with `/`. */
  path: string;
  offset: number;
  /** Bytes; undefined for the rest of the file, where the model states no size that is known here. */
  length: number | undefined;
}

/** TensorProto.DataType to bits of an element; text has no size, and cannot lie outside. */
const elementBits: Record<number, number> = {
  ...{ 1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128 },
  ...{ 16: 16, 17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2 },
};
const text = 8;

const saveAgain =
  'Save it with its data beside it: onnx.save_model(model, path, save_as_external_data=True, location="model.onnx.data").';

/** ONNX Runtime 1.30 takes a length of 0 for the whole file: past its begin that is refused, and an empty file is a crash. */
const keepSmall =
  'Keep small tensors in the model: onnx.save_model(…, save_as_external_data=True, size_threshold=1024).';

/** A fault of one tensor; `words` follow its name. */
export const tensorFault = (tensor: string, words: string, hint: string = saveAgain, found?: string): ModelFault =>
  new ModelFault('external-data', `keeps ${tensor} ${words}`, hint, found);

export const tensorWords = ({ name }: Pick<ExternalTensor, 'name'>): string =>
  name === '' ? 'a tensor without a name' : `the tensor ${JSON.stringify(name)}`;

/** What the model states of the tensor, checked as far as it can be without the file. Throws ModelFault `external-data`. */
export function rangeOf(tensor: ExternalTensor): ExternalRange {
  const words = tensorWords(tensor);
  const { stated, repeated } = tensor;
  if (repeated !== undefined) throw tensorFault(words, `in another file and states its ${repeated} twice`);
  const path = safePath(words, stated.get('location'));
  const where = `in ${path}`;
  const offset = wholeNumber(words, where, 'offset', stated.get('offset')) ?? 0;
  const length = wholeNumber(words, where, 'length', stated.get('length'));
  const expected = bytesOf(words, where, tensor);
  if (length !== undefined && expected !== undefined && length !== expected) {
    throw tensorFault(words, `${where}: its type and shape need ${expected} bytes, and its length is ${length}`);
  }
  return { tensor: words, path, offset, length: length ?? expected };
}

/** The location as a path inside the model's folder, by its names alone: the runtime must find the very file that we do. */
function safePath(words: string, location: string | undefined): string {
  if (!location) throw tensorFault(words, 'in another file that it does not name');
  const shown = JSON.stringify(location.length > 200 ? `${location.slice(0, 200)}…` : location);
  const refuse = (why: string): ModelFault => tensorFault(words, `in ${shown}: ${why}`);
  if (/^(?:[\\/]|[A-Za-z]:)/.test(location)) throw refuse('only files in the folder of the model are read');
  const parts = location.split('/').filter((part) => part !== '.');
  if (parts.some((part) => part === '..') || /(?:^|\\)\.\.(?:\\|$)/.test(location)) {
    throw refuse('the path leaves the folder of the model');
  }
  const path = parts.join('/');
  if (!isFilePath(path)) throw refuse(`files of a version have names of ${nameRules.file}`);
  return path;
}

/** Undefined where nothing is stated. */
function wholeNumber(words: string, where: string, key: string, stated: string | undefined): number | undefined {
  if (stated === undefined) return undefined;
  if (/^\d{1,15}$/.test(stated)) return Number(stated);
  throw tensorFault(
    words,
    `${where} at the ${key} ${JSON.stringify(stated.slice(0, 40))}, which is no number of bytes`,
  );
}

/** Bytes of a tensor as it lies in a file; undefined for a type that is not known here. */
export function tensorBytes({ dataType, dims }: Pick<ExternalTensor, 'dataType' | 'dims'>): number | undefined {
  const bits = elementBits[dataType];
  return bits && Math.ceil((dims.reduce((product, size) => product * size, 1) * bits) / 8);
}

function bytesOf(words: string, where: string, tensor: ExternalTensor): number | undefined {
  const { dataType, dims } = tensor;
  if (dataType === text) throw tensorFault(words, `${where}, and text cannot lie in another file`);
  const count = dims.reduce((product, size) => product * size, 1);
  if (dims.some((size) => !(Number.isSafeInteger(size) && size >= 0)) || !Number.isSafeInteger(count * 16)) {
    throw tensorFault(words, `${where} with the impossible shape [${dims.join(', ')}]`);
  }
  return tensorBytes(tensor);
}

/**
 * Holds ranges of one file against its size and against each other. Two tensors may share all of their bytes; a part
 * of them shows that the file or the model is not what was written. Returns a fault for each tensor that is wrong.
 */
export function rangeFaults(ranges: readonly ExternalRange[], size: number): ModelFault[] {
  const faults: ModelFault[] = [];
  const ends: { tensor: string; from: number; to: number }[] = [];
  for (const { tensor, path, offset, length } of ranges) {
    if (length === 0 && (offset > 0 || size === 0)) {
      const words = `in ${path}, where the runtime cannot read a tensor without elements`;
      faults.push(tensorFault(tensor, words, keepSmall));
      continue;
    }
    const to = length === undefined ? Math.max(size, offset) : offset + length;
    if (to > size) {
      const words = `in bytes ${offset} to ${to} of ${path}, which has ${size}`;
      faults.push(tensorFault(tensor, words, `Copy or download the whole of ${path}, or export the model again.`));
    } else if (to > offset) ends.push({ tensor, from: offset, to });
  }
  ends.sort((a, b) => a.from - b.from || a.to - b.to);
  let last = ends[0];
  for (const range of ends.slice(1)) {
    if (last && range.from < last.to && !(range.from === last.from && range.to === last.to)) {
      const where = `in bytes ${range.from} to ${range.to}, of which some are those of ${last.tensor}`;
      faults.push(tensorFault(range.tensor, where, 'Export the model again, data and all.'));
    }
    if (!last || range.to > last.to) last = range;
  }
  return faults;
}
