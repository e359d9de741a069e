import { elementTypes } from '../../model/element-types.ts';
import type { TensorData } from '../../model/tensor-elements.ts';
import { type ElementJson, exactElements } from '../../model/tensor-format.ts';
import type { Dtype } from '../../model/tensor-info.ts';
import { countOf } from '../../model/tensor-json.ts';
import { protoFields } from '../../model/wire-message.ts';
import { badInputs, flatTensor, type GivenTensor } from './given-tensor.ts';

/** https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3 */
const field = {
  dims: 1,
  type: 2,
  floats: 4,
  int32s: 5,
  texts: 6,
  int64s: 7,
  name: 8,
  raw: 9,
  doubles: 10,
  uint64s: 11,
};

interface Draft {
  dims: bigint[];
  type: number;
  name: string;
  raw: Buffer | undefined;
  floats: number[];
  integers: bigint[];
  texts: string[];
}

/** Reads a TensorProto, as `test_data_set_*` of ONNX's zoo has them (`input_0.pb`). Throws InputError. */
export function readTensorProto(bytes: Buffer, label: string): GivenTensor {
  let draft: Draft;
  try {
    draft = readFields(bytes);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw badInputs(label, 'expected a tensor of ONNX (TensorProto), got something else.');
  }
  const dtype = elementTypes[draft.type];
  if (!dtype) throw badInputs(label, `expected a type that functions exchange, got ONNX's number ${draft.type}.`);
  const shape = draft.dims.map(Number);
  const data = elementsOf(draft, dtype);
  if (data.length !== countOf(shape)) {
    throw badInputs(label, `expected ${countOf(shape)} elements for shape [${shape.join(', ')}], got ${data.length}.`);
  }
  return { name: draft.name || undefined, loose: true, json: flatTensor(shape, data) };
}

function readFields(bytes: Buffer): Draft {
  const draft: Draft = { dims: [], type: 0, name: '', raw: undefined, floats: [], integers: [], texts: [] };
  for (const { number, wire, payload, end } of protoFields(bytes)) {
    const part = bytes.subarray(payload, end);
    if (number === field.dims) draft.dims.push(...varints(part));
    if (number === field.type) draft.type = Number(varints(part)[0]);
    if (number === field.name) draft.name = part.toString('utf8');
    if (number === field.raw) draft.raw = part;
    if (number === field.texts) draft.texts.push(part.toString('utf8'));
    if (number === field.int32s || number === field.int64s || number === field.uint64s)
      draft.integers.push(...varints(part));
    const width = number === field.floats ? 4 : number === field.doubles ? 8 : 0;
    for (let at = 0; width > 0 && wire !== 0 && at + width <= part.byteLength; at += width) {
      draft.floats.push(width === 4 ? part.readFloatLE(at) : part.readDoubleLE(at));
    }
  }
  return draft;
}

/** One or more of them, packed or not. */
function varints(bytes: Buffer): bigint[] {
  const found: bigint[] = [];
  let [value, shift] = [0n, 0n];
  for (const byte of bytes) {
    value |= BigInt(byte & 0x7f) << shift;
    shift += 7n;
    if (byte >= 0x80) continue;
    found.push(BigInt.asIntN(64, value));
    [value, shift] = [0n, 0n];
  }
  return found;
}

/** Raw bytes are little-endian; without them elements are in fields by type, float16 as its bits among whole numbers. */
function elementsOf({ raw, floats, integers, texts }: Draft, dtype: Dtype): ElementJson[] {
  if (dtype === 'string') return texts;
  if (raw) return exactElements(dtype, viewOf(dtype, Uint8Array.from(raw).buffer));
  if (dtype === 'float32' || dtype === 'float64') return exactElements(dtype, Float64Array.from(floats));
  if (dtype === 'float16') return exactElements(dtype, Uint16Array.from(integers, Number));
  if (dtype === 'uint64')
    return exactElements(
      dtype,
      BigUint64Array.from(integers, (one) => BigInt.asUintN(64, one)),
    );
  if (dtype === 'int64') return exactElements(dtype, BigInt64Array.from(integers));
  return exactElements(dtype, Float64Array.from(integers, Number));
}

const arrays: Readonly<Partial<Record<Dtype, new (bytes: ArrayBuffer) => TensorData>>> = {
  ...{ float32: Float32Array, float64: Float64Array, float16: Uint16Array, bool: Uint8Array },
  ...{ int8: Int8Array, int16: Int16Array, int32: Int32Array, int64: BigInt64Array },
  ...{ uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, uint64: BigUint64Array },
};

function viewOf(dtype: Dtype, bytes: ArrayBuffer): TensorData {
  const View = arrays[dtype] as new (bytes: ArrayBuffer) => TensorData;
  const width = (View as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT;
  return new View(bytes.slice(0, bytes.byteLength - (bytes.byteLength % width)));
}
