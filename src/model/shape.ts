/** A tiny description of stored JSON: field name (`?` = may be missing) to kind, nested object, or `[item]`. */
export type Kind = 'string' | 'count' | 'number' | 'sha256' | 'array' | 'object' | 'boolean';
export interface Shape {
  [field: string]: Kind | Shape | [Shape | Kind];
}

/** Stored JSON is not what it should be; `field` is the dotted path. */
export class ShapeError extends Error {
  readonly field: string;
  constructor(what: string, field: string, expected: string) {
    super(`${what} is not usable: ${field || 'the document'} should be ${expected}.`);
    this.name = 'ShapeError';
    this.field = field;
  }
}

const kinds: Record<Kind, [(value: unknown) => boolean, string]> = {
  string: [(v) => typeof v === 'string', 'text'],
  count: [(v) => Number.isSafeInteger(v) && (v as number) >= 0, 'a whole number'],
  number: [(v) => typeof v === 'number' && Number.isFinite(v), 'a number'],
  sha256: [(v) => typeof v === 'string' && /^[0-9a-f]{64}$/.test(v), '64 hexadecimal digits'],
  array: [(v) => Array.isArray(v), 'a list'],
  object: [(v) => typeof v === 'object' && v !== null && !Array.isArray(v), 'an object'],
  boolean: [(v) => typeof v === 'boolean', 'true or false'],
};

/** Checks a value that has been parsed already; `field` is where it stands in the document. Throws ShapeError. */
export function checkValue(value: unknown, shape: Kind | Shape | [Shape | Kind], what: string, field: string): void {
  if (typeof shape === 'string') {
    const [test, expected] = kinds[shape];
    if (!test(value)) throw new ShapeError(what, field, expected);
  } else if (Array.isArray(shape)) {
    if (!Array.isArray(value)) throw new ShapeError(what, field, 'a list');
    for (const [index, item] of value.entries()) checkValue(item, shape[0], what, `${field}[${index}]`);
  } else {
    if (!kinds.object[0](value)) throw new ShapeError(what, field, 'an object');
    for (const [key, inner] of Object.entries(shape)) {
      const name = key.replace(/\?$/, '');
      const found = (value as Record<string, unknown>)[name];
      if (found === undefined && key.endsWith('?')) continue;
      checkValue(found, inner, what, field ? `${field}.${name}` : name);
    }
  }
}

/** Parses JSON bytes and checks them against the shape. Unknown fields are kept: newer writers may add some. */
export function check<T>(bytes: Uint8Array, shape: Shape, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    throw new ShapeError(what, '', 'JSON');
  }
  checkValue(value, shape, what, '');
  return value as T;
}
