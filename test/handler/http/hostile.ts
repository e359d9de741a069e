import fc from 'fast-check';
import type { Dtype } from '../../../src/model/tensor-info.ts';
import { encodeModel, node, tensorType, tinyModel, tokenModel, value } from '../../fixtures/onnx.ts';
import { anything, batchBody, deep, inferBody, list, nearly, sizes, v2Body } from './hostile-text.ts';

/** A call as a hostile client makes it; headers and body need not fit together. */
export interface HostileCall {
  url: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

const identity = (dtype: Dtype, shape: (number | string)[]): Buffer =>
  encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', tensorType(dtype, shape))],
    outputs: [value('y', tensorType(dtype, shape))],
  });

interface Hostile {
  model: Buffer;
  /** Bodies of /v1/infer that the model answers, and tensors of the Open Inference Protocol. */
  good: string[];
  v2: string;
}

/** Models of every kind of element and shape that is read in a way of its own. */
const hostile: Record<string, Hostile> = {
  tiny: {
    model: tinyModel(),
    good: ['{"inputs":[[1,2]]}', '{"inputs":{"x":{"shape":[2,2],"dtype":"float32","data":[1,2,3,4]}},"outputs":["y"]}'],
    v2: '{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}',
  },
  tokens: {
    model: tokenModel(),
    good: [
      '{"inputs":{"ids":[[1,2]],"offset":{"shape":[1,2],"data":[0,"1"]}}}',
      '{"inputs":{"ids":[[99]],"offset":[[0]]}}',
    ],
    v2: '{"name":"ids","shape":[1,1],"datatype":"INT64","data":[99]},{"name":"offset","shape":[1,1],"datatype":"INT64","data":[0]}',
  },
  half: {
    model: identity('float16', ['n', 2]),
    good: ['{"inputs":[[0.5,"NaN"]]}'],
    v2: '{"name":"x","shape":[1,2],"datatype":"FP16","data":[1,2]}',
  },
  big: {
    model: identity('uint64', ['n']),
    good: ['{"inputs":["18446744073709551615",1]}'],
    v2: '{"name":"x","shape":[2],"datatype":"UINT64","data":["18446744073709551615",1]}',
  },
  flags: {
    model: identity('bool', ['n']),
    good: ['{"inputs":[true,0]}'],
    v2: '{"name":"x","shape":[2],"datatype":"BOOL","data":[true,0]}',
  },
  small: {
    model: identity('int8', [2, 2]),
    good: ['{"inputs":{"x":[[1,-128],[127,0]]}}'],
    v2: '{"name":"x","shape":[2,2],"datatype":"INT8","data":[[1,2],[3,4]]}',
  },
  text: {
    model: identity('string', ['n']),
    good: ['{"inputs":["a","ü"]}'],
    v2: '{"name":"x","shape":[2],"datatype":"BYTES","data":["a","ü"]}',
  },
  scalar: {
    model: identity('float64', []),
    good: ['{"inputs":1.5}'],
    v2: '{"name":"x","shape":[],"datatype":"FP64","data":[1]}',
  },
  wide: {
    model: identity('float32', ['a', 'b', 'c']),
    good: ['{"inputs":[[[1],[2]]]}'],
    v2: '{"name":"x","shape":[0,0,1],"datatype":"FP32","data":[]}',
  },
};
export const hostileModels: [name: string, model: Buffer][] = Object.entries(hostile).map(([name, { model }]) => [
  name,
  model,
]);

/** Bytes that may be cut, or changed here and there, so that neither UTF-8 nor JSON need come out. */
const spoiled = (text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
  return fc.tuple(text, changes, fc.option(fc.nat(), { freq: 1 })).map(([whole, changed, cut]) => {
    const bytes = new Uint8Array(Buffer.from(whole));
    for (const [at, byte] of changed) bytes[at % (bytes.length || 1)] = byte;
    return cut === null ? bytes : bytes.subarray(0, cut % (bytes.length || 1));
  });
};
const asBytes = (text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 8, arbitrary: text.map((one) => new Uint8Array(Buffer.from(one))) },
    { weight: 2, arbitrary: spoiled(text) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
  );

type Headers = Record<string, string>;
/** Calls of one route, for each model half near to a good one, half anything that looks like one. */
function calls(
  url: (name: string) => string,
  good: (model: Hostile) => string[],
  wild: fc.Arbitrary<string>,
  headers: (body: Uint8Array) => fc.Arbitrary<Headers>,
): fc.Arbitrary<HostileCall> {
  return fc.oneof(
    ...Object.entries(hostile).map(([name, model]) =>
      asBytes(fc.oneof(nearly(good(model)), wild))
        .chain((body) => fc.record({ body: fc.constant(body), headers: headers(body) }))
        .map((rest): HostileCall => ({ url: url(name), ...rest })),
    ),
  );
}

const v1 = (route: string) => (name: string) => `/v1/models/${name}/${route}`;
const v2 = (name: string): string => `/v2/models/${name}/infer`;
const json = (): fc.Arbitrary<Headers> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constant({ 'content-type': 'application/json' }) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('application/json; charset=latin1', 'text/plain', '')
        .map((type) => ({ 'content-type': type })),
    },
  );

const octets = fc.record<HostileCall>({
  url: fc.constantFrom(...Object.keys(hostile)).map(v1('infer')),
  body: fc.oneof(
    fc.uint8Array({ maxLength: 24 }),
    fc.nat({ max: 6 }).map((count) => new Uint8Array(count * 8)),
  ),
  headers: fc.record({
    'content-type': fc.constantFrom('application/octet-stream', 'application/octet-stream;x'),
    accept: fc.constantFrom('*/*', 'application/octet-stream', 'application/json', 'text/html'),
    'x-tensor-shape': fc.oneof(
      fc.constantFrom('1,2', '2', '', '0,2', '[2,2]', '-1', '1e3,2', '1,1,2', '4'),
      list(sizes, 20),
    ),
  }),
});

const v2Good = ({ v2: tensors }: Hostile): string[] => [
  `{"inputs":[${tensors}]}`,
  `{"id":"1","inputs":[${tensors}],"outputs":[{"name":"y","parameters":{"binary_data":true}}]}`,
];
const lies = fc.oneof(
  fc.constantFrom('', '-1', '1e3', '0x10', '9'.repeat(13), 'NaN'),
  fc.nat({ max: 200 }).map(String),
);
/** The length of the JSON part, right or not. */
const headLength = ({ byteLength }: Uint8Array): fc.Arbitrary<Headers> =>
  fc.oneof(fc.constant(String(byteLength)), lies).map((length) => ({ 'inference-header-content-length': length }));
/** A true length, and bytes behind the JSON that need not be what it says. */
const tailed = fc
  .record({
    name: fc.constantFrom(...Object.keys(hostile)),
    input: fc.record({
      name: fc.constantFrom('x', 'x', 'ids'),
      shape: fc.array(fc.constantFrom(0, 1, 2, 2 ** 31, 2 ** 53 - 1), { maxLength: 3 }),
      datatype: fc.constantFrom('FP32', 'FP16', 'UINT64', 'BOOL', 'INT8', 'BYTES', 'FP64'),
      parameters: fc.record({ binary_data_size: fc.nat({ max: 16 }) }),
    }),
    tail: fc.uint8Array({ maxLength: 16, max: 8 }),
  })
  .map(({ name, input, tail }): HostileCall => {
    const head = Buffer.from(JSON.stringify({ inputs: [input] }));
    const headers = { 'inference-header-content-length': String(head.byteLength) };
    return { url: v2(name), headers, body: new Uint8Array(Buffer.concat([head, tail])) };
  });

/** Calls by route. */
export const hostileCalls: Record<string, fc.Arbitrary<HostileCall>> = {
  '/v1/infer with JSON': calls(v1('infer'), ({ good }) => good, inferBody, json),
  '/v1/infer with bytes': octets,
  '/v1/batch': calls(v1('batch'), ({ good }) => [`{"items":[${good.join(',')},${good[0]}]}`], batchBody, json),
  '/v2 with JSON': calls(v2, v2Good, v2Body, json),
  '/v2 with bytes': fc.oneof(tailed, calls(v2, v2Good, v2Body, headLength)),
  'the routes with any JSON': fc.oneof(
    ...[v1('infer'), v1('batch'), v2].map((url) => calls(url, () => ['{"inputs":{}}'], fc.oneof(anything, deep), json)),
  ),
};

/** What no answer may say: places of this program or of the machine, and words of Node and of the runtime. */
const leaks = [
  /(?:^|[\s"'(])(?:file:\/\/)?\/(?:tmp|home|root|usr|var|opt|etc|work|proc|private|Users)\b/,
  /\b(?:node:|node_modules|onnxruntime|ORT\b|\.cc\b|\.[cm]?[jt]s:\d)/,
  /\bat .{0,80}:\d+:\d+/,
  /(?:Type|Syntax|Range|Reference|Internal|Runtime)Error|Unexpected (?:token|end)|Cannot (?:read|convert|mix|access)/,
  /Invalid (?:typed array|array) length|is not (?:a function|iterable|defined)|Maximum call stack|bad_alloc|Non-zero status/,
  /\[object |\bundefined\b|StatusMessage|failed:/,
];

/** The words of an answer that should not be there. */
export const leaksIn = (text: string): string[] => leaks.flatMap((leak) => leak.exec(text)?.[0] ?? []);
