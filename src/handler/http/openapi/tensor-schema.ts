import type { Way } from '../../../model/tensor-elements.ts';
import type { Dtype, TensorInfo } from '../../../model/tensor-info.ts';

type Schema = Record<string, unknown>;

/** JSON Schema of one element; more is taken than is given. Not-a-number and the infinities have names, int64 beyond 2^53 is digits. */
export function elementSchema(dtype: Dtype, way: Way): Schema {
  if (dtype === 'bool') return way === 'in' ? { enum: [true, false, 0, 1] } : { type: 'boolean' };
  // The runtime would cut text at U+0000.
  if (dtype === 'string') return { type: 'string', ...(way === 'in' && { pattern: '^[^\\u0000]*$' }) };
  if (dtype.includes('float')) {
    return { oneOf: [{ type: 'number', ...rangeOf(dtype, way) }, { enum: ['NaN', 'Infinity', '-Infinity'] }] };
  }
  if (dtype === 'int64' || dtype === 'uint64') return wideSchema(dtype);
  const bits = Number(dtype.replace(/\D+/, ''));
  const signed = dtype.startsWith('int');
  return {
    type: 'integer',
    minimum: signed ? -(2 ** (bits - 1)) : 0,
    maximum: signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1,
  };
}

/** What does not round to infinity. */
const largest: Partial<Record<Dtype, number>> = { float16: 65_504, float32: 3.4028234663852886e38 };

function rangeOf(dtype: Dtype, way: Way): Schema {
  const most = way === 'in' ? largest[dtype] : undefined;
  return most === undefined ? {} : { minimum: -most, maximum: most };
}

/** Numbers up to 2^53, and digits up to 2^63 or 2^64: what is longer than that is only said by its length. */
function wideSchema(dtype: 'int64' | 'uint64'): Schema {
  const signed = dtype === 'int64';
  const most = Number.MAX_SAFE_INTEGER;
  const digits = {
    type: 'string',
    pattern: `^${signed ? '-?' : ''}(?:${upTo(signed ? 2n ** 63n - 1n : 2n ** 64n - 1n)})$`,
  };
  return { oneOf: [{ type: 'integer', minimum: signed ? -most : 0, maximum: most }, digits] };
}

/** A pattern of the whole numbers from 0 to this one. */
function upTo(most: bigint): string {
  const digits = String(most);
  const below = [...digits].flatMap((digit, at) => {
    const rest = digits.length - at - 1;
    const least = at === 0 ? 1 : 0;
    if (Number(digit) <= least) return [];
    return [`${digits.slice(0, at)}[${least}-${Number(digit) - 1}]${rest > 0 ? `[0-9]{${rest}}` : ''}`];
  });
  return [`[0-9]{1,${digits.length - 1}}`, ...below, digits].join('|');
}

function elementOf({ dtype, nullable }: TensorInfo, way: Way): Schema {
  const element = elementSchema(dtype, way);
  return nullable && way === 'in' ? { anyOf: [element, { type: 'null', description: 'missing' }] } : element;
}

/**
 * Nested lists of the declared shape; free dimensions are lists of any length, and so are all of an answer, for which what
 * a model declares is advice. Where no shape is declared, lists may be nested in any way.
 */
export function nestedSchema(info: TensorInfo, way: Way): Schema {
  const element = elementOf(info, way);
  if (info.shape === null) return { anyOf: [element, { type: 'array', description: 'of any shape' }] };
  // A dimension without elements hides those inside it, whatever their sizes.
  return info.shape.reduceRight<Schema>(
    (items, size) => ({ type: 'array', items, ...(typeof size === 'number' ? fixed(size, way) : named(size)) }),
    element,
  );
}

const fixed = (size: number, way: Way): Schema =>
  way === 'in' ? { minItems: size, maxItems: size } : { description: `${size} as declared` };
const named = (size: string): Schema => (size === '' ? {} : { description: size });

/** `{ shape, dtype, data }` with flat data. */
export function flatSchema(info: TensorInfo, way: Way): Schema {
  return {
    type: 'object',
    required: way === 'in' ? ['shape', 'data'] : ['shape', 'dtype', 'data'],
    additionalProperties: false,
    properties: {
      shape: shapeSchema(info, way),
      dtype: { const: info.dtype },
      data: { type: 'array', items: elementOf(info, way) },
    },
  };
}

function shapeSchema({ shape }: TensorInfo, way: Way): Schema {
  const free = { type: 'integer', minimum: 0 };
  if (shape === null) return { type: 'array', items: free };
  const sizes = shape.map((size) => (typeof size === 'number' && way === 'in' ? { const: size } : free));
  return {
    type: 'array',
    minItems: sizes.length,
    maxItems: sizes.length,
    ...(sizes.length > 0 && { prefixItems: sizes }),
  };
}

/** `{ url, shape?, dtype? }` of bytes that were uploaded to the function's own store. */
const uploadSchema = (info: TensorInfo): Schema => ({
  type: 'object',
  required: ['url'],
  additionalProperties: false,
  description: "Bytes below the prefix of this function's store, by their signed URL.",
  properties: {
    url: { type: 'string', format: 'uri' },
    shape: shapeSchema(info, 'in'),
    dtype: { const: info.dtype },
  },
});

/** The forms of a tensor; text has none in bytes. @param uploads whether the function's store takes uploads */
export const tensorSchema = (info: TensorInfo, way: Way, uploads = false): Schema => ({
  anyOf: [
    nestedSchema(info, way),
    flatSchema(info, way),
    ...(uploads && info.dtype !== 'string' ? [uploadSchema(info)] : []),
  ],
});
