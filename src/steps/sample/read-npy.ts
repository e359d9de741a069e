import { endianness } from 'node:os';
import type { TensorData } from '../../model/tensor-elements.ts';
import { type ElementJson, exactElements } from '../../model/tensor-format.ts';
import type { Dtype } from '../../model/tensor-info.ts';
import { countOf } from '../../model/tensor-json.ts';
import { badInputs, flatTensor, type GivenTensor } from './given-tensor.ts';

const magic = Buffer.from('\x93NUMPY', 'latin1');

interface Header {
  descr: string;
  fortran: boolean;
  shape: number[];
  /** Where the elements begin. */
  offset: number;
}

/** NumPy's types by kind and bytes, with the array that reads their elements. */
const types: Readonly<Record<string, { dtype: Dtype; view(bytes: ArrayBuffer): TensorData }>> = {
  f2: { dtype: 'float16', view: (bytes) => new Uint16Array(bytes) },
  f4: { dtype: 'float32', view: (bytes) => new Float32Array(bytes) },
  f8: { dtype: 'float64', view: (bytes) => new Float64Array(bytes) },
  i1: { dtype: 'int8', view: (bytes) => new Int8Array(bytes) },
  i2: { dtype: 'int16', view: (bytes) => new Int16Array(bytes) },
  i4: { dtype: 'int32', view: (bytes) => new Int32Array(bytes) },
  i8: { dtype: 'int64', view: (bytes) => new BigInt64Array(bytes) },
  u1: { dtype: 'uint8', view: (bytes) => new Uint8Array(bytes) },
  u2: { dtype: 'uint16', view: (bytes) => new Uint16Array(bytes) },
  u4: { dtype: 'uint32', view: (bytes) => new Uint32Array(bytes) },
  u8: { dtype: 'uint64', view: (bytes) => new BigUint64Array(bytes) },
  b1: { dtype: 'bool', view: (bytes) => new Uint8Array(bytes) },
};

/** Reads a .npy file: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html Throws InputError. */
export function readNpy(bytes: Uint8Array, label: string, name?: string): GivenTensor {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { descr, fortran, shape, offset } = readHeader(file, label);
  const [, order, kind, size] = /^([<>|=])([fiubUSO])(\d*)$/.exec(descr) ?? [];
  if (kind === 'O') throw badInputs(label, 'expected numbers or text, got Python objects.', 'Save it with a dtype.');
  const width = kind === 'U' ? Number(size) * 4 : Number(size);
  const type = types[`${kind}${size}`];
  const isText = kind === 'U' || kind === 'S';
  if (!isText && !type) throw badInputs(label, `expected a type that ONNX has, got NumPy's ${descr}.`);
  const count = countOf(shape);
  const payload = Buffer.from(file.subarray(offset));
  if (payload.byteLength !== count * width) {
    const message = `expected ${count * width} bytes for shape [${shape.join(', ')}], got ${payload.byteLength}.`;
    throw badInputs(label, message, 'The file was cut off: write it again.');
  }
  const foreign = order === (endianness() === 'LE' ? '>' : '<');
  const unit = isText ? (kind === 'U' ? 4 : 1) : width;
  if (foreign && unit > 1) swap(payload, unit);
  const { buffer, byteOffset } = payload;
  const elements =
    isText || !type
      ? texts(payload, count, width, kind === 'U')
      : exactElements(type.dtype, type.view(buffer.slice(byteOffset, byteOffset + payload.byteLength) as ArrayBuffer));
  return { name, loose: true, json: flatTensor(shape, fortran ? rowMajor(elements, shape) : elements) };
}

/** A dictionary as Python writes it: `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`. */
function readHeader(file: Buffer, label: string): Header {
  if (!file.subarray(0, 6).equals(magic)) throw badInputs(label, 'expected a NumPy array (.npy), got something else.');
  const wide = (file[6] ?? 0) > 1;
  const start = wide ? 12 : 10;
  const length = file.byteLength < start ? 0 : wide ? file.readUInt32LE(8) : file.readUInt16LE(8);
  const text = file.subarray(start, start + length).toString('latin1');
  const descr = /'descr': *'([^']*)'/.exec(text)?.[1];
  const fortran = /'fortran_order': *(True|False)/.exec(text)?.[1];
  const sizes = /'shape': *\(([\d, L]*)\)/.exec(text)?.[1];
  if (descr === undefined || fortran === undefined || sizes === undefined) {
    throw badInputs(label, 'expected a NumPy array of one type, got one of several fields, or a damaged header.');
  }
  const shape = sizes
    .split(',')
    .filter((size) => size.trim() !== '')
    .map((size) => Number.parseInt(size, 10));
  return { descr, fortran: fortran === 'True', shape, offset: start + length };
}

function swap(payload: Buffer, unit: number): void {
  if (unit === 2) payload.swap16();
  else if (unit === 4) payload.swap32();
  else payload.swap64();
}

/** Padded with zeros at their ends; `U` has four bytes a character. */
function texts(payload: Buffer, count: number, width: number, wide: boolean): string[] {
  return Array.from({ length: count }, (_, i) => {
    const part = payload.subarray(i * width, (i + 1) * width);
    if (!wide) return part.toString('utf8').replace(/\0+$/, '');
    const points = Array.from({ length: width / 4 }, (_one, at) => part.readUInt32LE(at * 4));
    return String.fromCodePoint(...points).replace(/\0+$/, '');
  });
}

/** Fortran's order has the first dimension run fastest. */
function rowMajor(elements: readonly ElementJson[], shape: readonly number[]): ElementJson[] {
  const strides = shape.map((_, axis) => countOf(shape.slice(0, axis)));
  return elements.map((_, at) => {
    let [rest, from] = [at, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const size = shape[axis] as number;
      from += (rest % size) * (strides[axis] as number);
      rest = Math.floor(rest / size);
    }
    return elements[from] as ElementJson;
  });
}
