/** Something in a tokenizer.json that no compiled tokenizer does. The message names it: "a pre-tokenizer FixedLength". */
export class Uncovered extends Error {}

/** The part of JSON that an author wrote; each reader below says what it expects. */
export type Json = Record<string, unknown>;

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** @throws Uncovered unless the value is an object */
export function object(value: unknown, what: string): Json {
  if (!isObject(value)) throw new Uncovered(`${what} that is no object`);
  return value;
}

/** @throws Uncovered where a field is there and of another kind */
export function field<T extends 'boolean' | 'string' | 'number'>(
  json: Json,
  name: string,
  kind: T,
  otherwise: { boolean: boolean; string: string; number: number }[T],
): { boolean: boolean; string: string; number: number }[T] {
  const value = json[name] ?? otherwise;
  if (typeof value !== kind) throw new Uncovered(`${name} that is no ${kind}`);
  return value as { boolean: boolean; string: string; number: number }[T];
}

export const codePoints = (text: string): number[] => Array.from(text, (sign) => sign.codePointAt(0) as number);
