import type { Dtype, TensorInfo } from '../../model/tensor-info.ts';
import { checkShape, type ParsedTensor, type TensorData } from '../../model/tensor-json.ts';
import { badInput, readTensor } from './tensors-in.ts';

type NumericData = Exclude<TensorData, string[]>;

/** Array type that the runtime takes for each dtype with elements of a fixed width; little-endian, as on every target. */
const views: Partial<Record<Dtype, { BYTES_PER_ELEMENT: number; from(buffer: ArrayBuffer): NumericData }>> = {
  float16: { BYTES_PER_ELEMENT: 2, from: (buffer) => new Uint16Array(buffer) },
  float32: { BYTES_PER_ELEMENT: 4, from: (buffer) => new Float32Array(buffer) },
  float64: { BYTES_PER_ELEMENT: 8, from: (buffer) => new Float64Array(buffer) },
  int8: { BYTES_PER_ELEMENT: 1, from: (buffer) => new Int8Array(buffer) },
  int16: { BYTES_PER_ELEMENT: 2, from: (buffer) => new Int16Array(buffer) },
  int32: { BYTES_PER_ELEMENT: 4, from: (buffer) => new Int32Array(buffer) },
  int64: { BYTES_PER_ELEMENT: 8, from: (buffer) => new BigInt64Array(buffer) },
  uint8: { BYTES_PER_ELEMENT: 1, from: (buffer) => new Uint8Array(buffer) },
  uint16: { BYTES_PER_ELEMENT: 2, from: (buffer) => new Uint16Array(buffer) },
  uint32: { BYTES_PER_ELEMENT: 4, from: (buffer) => new Uint32Array(buffer) },
  uint64: { BYTES_PER_ELEMENT: 8, from: (buffer) => new BigUint64Array(buffer) },
  bool: { BYTES_PER_ELEMENT: 1, from: (buffer) => new Uint8Array(buffer) },
};

/**
 * Reads raw little-endian elements as the tensor that the model declares. Without a stated shape at most one dimension
 * may be free; it follows from the length. Throws RequestError 400 naming `place`.
 */
export function readBinaryTensor(
  bytes: Uint8Array,
  stated: readonly number[] | undefined,
  info: TensorInfo,
  place: string,
): ParsedTensor {
  const view = views[info.dtype];
  if (!view) throw badInput(place, 'JSON, the only form of text tensors', 'bytes');
  const width = view.BYTES_PER_ELEMENT;
  if (bytes.byteLength % width !== 0) {
    throw badInput(place, `${info.dtype} elements of ${width} bytes each`, `${bytes.byteLength} bytes`);
  }
  const count = bytes.byteLength / width;
  const shape = stated ?? deduceShape(count, info, place);
  readTensor(place, () => checkShape(shape, info));
  const needed = shape.reduce((product, size) => product * size, 1);
  if (needed !== count) {
    throw badInput(place, `${needed * width} bytes for shape [${shape.join(', ')}]`, `${bytes.byteLength}`);
  }
  // A fresh buffer: the bytes of a request rarely begin where elements of this width may.
  const data = view.from(new Uint8Array(bytes).buffer);
  if (info.dtype === 'bool' && (data as Uint8Array).some((value) => value > 1)) {
    throw badInput(place, 'bytes of 0 or 1 (bool)', 'others');
  }
  return { dtype: info.dtype, shape: [...shape], data };
}

function deduceShape(count: number, info: TensorInfo, place: string): number[] {
  const { shape: declared } = info;
  if (!declared) throw badInput(place, 'a header X-Tensor-Shape, because the model declares no shape', 'none');
  const free = declared.filter((size) => typeof size === 'string').length;
  const fixed = declared.reduce<number>((product, size) => product * (typeof size === 'number' ? size : 1), 1);
  if (free > 1) throw badInput(place, 'a header X-Tensor-Shape, because several dimensions are free', 'none');
  if (free === 1 && (fixed === 0 || count % fixed !== 0)) {
    throw badInput(place, `a multiple of ${fixed} elements`, `${count}`);
  }
  return declared.map((size) => (typeof size === 'number' ? size : count / fixed));
}

/** `1,3,224,224`; undefined without the header. Throws RequestError 400. */
export function readShapeHeader(header: string | null): number[] | undefined {
  if (header === null) return undefined;
  const text = header.trim().replace(/^\[(.*)\]$/, '$1');
  const sizes = text === '' ? [] : text.split(',').map((part) => (/^\s*\d{1,12}\s*$/.test(part) ? Number(part) : -1));
  if (sizes.includes(-1) || sizes.length > 16) {
    throw badInput('X-Tensor-Shape', 'whole numbers such as 1,3,224,224', 'something else');
  }
  return sizes;
}

/** Raw little-endian elements; undefined for text, which has no such form. */
export function toBinary({ data }: ParsedTensor): Uint8Array | undefined {
  return Array.isArray(data) ? undefined : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
