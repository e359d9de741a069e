type Camel<S extends string> = S extends `${infer A}-${infer B}` ? `${A}${Capitalize<Camel<B>>}` : S;

/** The type with its kebab-case keys in camel case, all the way down; free names stay as they are. */
export type CamelKeys<T> = T extends readonly (infer Item)[]
  ? CamelKeys<Item>[]
  : T extends object
    ? { [K in keyof T as K extends string ? Camel<K> : K]: K extends FreeMap ? T[K] : CamelKeys<T[K]> }
    : T;

/** Fields whose keys are user-defined names. */
type FreeMap = (typeof freeMaps)[number];
const freeMaps = ['environment-variables', 'app-settings', 'tags', 'labels'] as const;

const camel = (key: string): string => key.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** `provisioned-concurrency` becomes `provisionedConcurrency`. */
export function camelKeys<T>(value: T): CamelKeys<T> {
  if (Array.isArray(value)) return value.map(camelKeys) as CamelKeys<T>;
  if (typeof value !== 'object' || value === null) return value as CamelKeys<T>;
  const pairs = Object.entries(value).map(([key, inner]) => [
    camel(key),
    (freeMaps as readonly string[]).includes(key) ? inner : camelKeys(inner),
  ]);
  return Object.fromEntries(pairs) as CamelKeys<T>;
}
