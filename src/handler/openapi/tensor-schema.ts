import type { Dtype, TensorInfo } from '../../model/manifest.ts';

type Schema = Record<string, unknown>;

/** Whether a tensor is sent or answered: more is taken than is given. */
export type Way = 'in' | 'out';

/** JSON Schema of one element. Not-a-number and the infinities have names, int64 beyond 2^53 is digits. */
export function elementSchema(dtype: Dtype, way: Way): Schema {
  if (dtype === 'bool') return way === 'in' ? { enum: [true, false, 0, 1] } : { type: 'boolean' };
  if (dtype === 'string') return { type: 'string' };
  if (dtype.includes('float')) return { oneOf: [{ type: 'number' }, { enum: ['NaN', 'Infinity', '-Infinity'] }] };
  if (dtype === 'int64' || dtype === 'uint64') {
    return { oneOf: [{ type: 'integer' }, { type: 'string', pattern: dtype === 'int64' ? '^-?\\d+$' : '^\\d+$' }] };
  }
  const bits = Number(dtype.replace(/\D+/, ''));
  const signed = dtype.startsWith('int');
  return {
    type: 'integer',
    minimum: signed ? -(2 ** (bits - 1)) : 0,
    maximum: signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1,
  };
}

/** Nested lists of the declared shape; free dimensions are lists of any length. */
export function nestedSchema(info: TensorInfo, way: Way): Schema {
  return info.shape.reduceRight<Schema>(
    (items, size) => ({
      type: 'array',
      items,
      ...(typeof size === 'number' ? { minItems: size, maxItems: size } : size !== '' && { description: size }),
    }),
    elementSchema(info.dtype, way),
  );
}

/** `{ shape, dtype, data }` with flat data. */
export function flatSchema(info: TensorInfo, way: Way): Schema {
  const sizes = info.shape.map((size) =>
    typeof size === 'number' ? { const: size } : { type: 'integer', minimum: 0 },
  );
  const shape = {
    type: 'array',
    minItems: sizes.length,
    maxItems: sizes.length,
    ...(sizes.length > 0 && { prefixItems: sizes }),
  };
  return {
    type: 'object',
    required: way === 'in' ? ['shape', 'data'] : ['shape', 'dtype', 'data'],
    additionalProperties: false,
    properties: {
      shape,
      dtype: { const: info.dtype },
      data: { type: 'array', items: elementSchema(info.dtype, way) },
    },
  };
}

/** Both forms of a tensor. */
export const tensorSchema = (info: TensorInfo, way: Way): Schema => ({
  anyOf: [nestedSchema(info, way), flatSchema(info, way)],
});
