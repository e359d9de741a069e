import fc from 'fast-check';

// Bodies are made as text, not as values: a value could not hold 1e999, a key twice, or `__proto__`.
type Text = fc.Arbitrary<string>;

const numbers = [
  ...['0', '1', '2', '-1', '-0', '0.5', '15', '99', '300', '65520', '1e39', '1e308', '1e999', '-1e999'],
  ...['9007199254740991', '9007199254740993', '18446744073709551616', '1'.repeat(400)],
];
const words = [
  ...['', 'x', 'y', 'ids', 'NaN', 'Infinity', 'float32', 'FP32', '__proto__', 'constructor', 'toString', '\u0000'],
  ...['18446744073709551615', '-9223372036854775808', '\ud800', '💥', 'a'.repeat(300), '../../secret', '${jndi:x}'],
];
export const quote = (text: string): string => JSON.stringify(text);
const scalar = fc.oneof(
  fc.constantFrom(...numbers),
  fc.double().map((double) => (Number.isFinite(double) ? String(double) : 'null')),
  fc.constantFrom(...words).map(quote),
  fc.string({ maxLength: 8 }).map(quote),
  fc.constantFrom('true', 'false', 'null', '{}', '[]'),
);
export const list = (of: Text, maxLength: number): Text =>
  fc.array(of, { maxLength }).map((items) => `[${items.join(',')}]`);
const fields = ['inputs', 'outputs', 'items', 'parameters', 'id', 'name', 'shape', 'dtype', 'datatype', 'data'];
const keys = fc.constantFrom(...fields, ...words);
const object = (key: Text, of: Text): Text =>
  fc.array(fc.tuple(key, of), { maxLength: 4 }).map((all) => `{${all.map(([k, v]) => `${quote(k)}:${v}`).join(',')}}`);

/** Any JSON at all, with the words that mean something here. */
export const anything: Text = fc.letrec<{ node: string }>((tie) => ({
  node: fc.oneof({ maxDepth: 6, withCrossShrink: true }, scalar, list(tie('node'), 4), object(keys, tie('node'))),
})).node;

const openings: [string, string][] = [
  ['[', ']'],
  ['{"inputs":', '}'],
  ['{"inputs":[', ']}'],
  ['{"items":[{"inputs":', '}]}'],
];
/** Nested as no parser likes it, closed or not. */
export const deep: Text = fc
  .tuple(fc.constantFrom(...openings), fc.integer({ min: 1, max: 60_000 }), fc.boolean())
  .map(([[open, close], depth, closed]) => `${open.repeat(depth)}${closed ? `0${close.repeat(depth)}` : ''}`);

/** A good body of which up to two words, brackets or values are replaced. */
export const nearly = (good: readonly string[]): Text =>
  fc
    .tuple(fc.constantFrom(...good), fc.array(fc.tuple(fc.nat(), anything), { maxLength: 2 }))
    .map(([text, changes]) => {
      const tokens = text.match(/"[^"]*"|[\w.+-]+|[^"\w]/g) ?? [];
      for (const [at, other] of changes) tokens[at % tokens.length] = other;
      return tokens.join('');
    });

/** Sometimes what is meant, sometimes anything. */
const mostly = (good: Text): Text => fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: anything });

/** An object of named parts, any of which may be missing or be something else. */
const record = (parts: Record<string, Text>): Text =>
  fc
    .tuple(...Object.entries(parts).map(([key, of]) => fc.option(mostly(of), { freq: 12 }).map((v) => ({ key, v }))))
    .map((all) => `{${all.flatMap(({ key, v }) => (v === null ? [] : `${quote(key)}:${v}`)).join(',')}}`);

export const sizes: Text = fc.constantFrom(
  '0',
  '1',
  '2',
  '3',
  '-1',
  '1.5',
  '1e9',
  '4294967296',
  '9007199254740991',
  '"n"',
);
const shape = fc.oneof(fc.constantFrom('[1,2]', '[2]', '[]', '[2,2]', '[1,1]'), list(sizes, 4), list(sizes, 20));
const elements = fc.oneof(fc.constantFrom('[1,2]', '[[1,2]]', '[true]', '["a"]', '7', '[]'), list(scalar, 6));
const dtypes = ['float32', 'float64', 'float16', 'bfloat16', 'int8', 'int64', 'uint64', 'bool', 'string', 'complex64'];
const datatypes = ['FP32', 'FP64', 'FP16', 'BF16', 'INT8', 'INT64', 'UINT64', 'BOOL', 'BYTES', 'FP8'];
const dtype = fc.constantFrom(...dtypes).map(quote);
const datatype = fc.constantFrom(...datatypes).map(quote);

const tensor = fc.oneof(elements, record({ shape, data: elements }), record({ shape, dtype, data: elements }));
const names = fc.constantFrom('x', 'ids', 'offset', 'y', '__proto__', 'constructor', '');
const inputs = fc.oneof(tensor, object(names, tensor), record({ x: tensor }), record({ ids: tensor, offset: tensor }));
const outputs = fc.constantFrom('["y"]', '[]', '["z"]', '["y","y"]', '{"0":"y"}');
export const inferBody: Text = fc.oneof(record({ inputs }), record({ inputs, outputs }));
export const batchBody: Text = record({ items: list(mostly(inferBody), 5) });

const plain = record({ name: names.map(quote), shape, datatype, data: elements });
const size = fc.oneof(sizes, fc.nat({ max: 24 }).map(String));
const counted = record({ name: names.map(quote), shape, datatype, parameters: record({ binary_data_size: size }) });
const output = record({ name: names.map(quote), parameters: record({ binary_data: fc.constantFrom('true', '1') }) });
const flags = record({ binary_data_output: fc.constantFrom('true', 'false', '"yes"') });
export const v2Body: Text = fc.oneof(
  record({ inputs: list(plain, 3) }),
  record({
    inputs: list(fc.oneof(plain, counted), 3),
    outputs: list(output, 2),
    parameters: flags,
    id: fc.constant('"1"'),
  }),
);
