import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkerSession } from '../../../src/handler/session/worker-session.ts';
import type { Dtype } from '../../../src/model/tensor-info.ts';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { openAdapterBed } from '../platforms/adapter-bed.ts';
import { type Reply, TestApp } from '../test-app.ts';

/** y = x: what goes in must come out, through the real runtime. */
const identity = (dtype: Dtype): Buffer =>
  encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', tensorType(dtype, ['n']))],
    outputs: [value('y', tensorType(dtype, ['n']))],
  });

interface Case {
  dtype: Dtype;
  datatype: string;
  /** Elements as JSON writes them, and the same as little-endian bytes. */
  json: (number | string | boolean)[];
  bytes: Uint8Array;
}

const littleEndian = (array: { buffer: ArrayBufferLike }): Uint8Array => new Uint8Array(array.buffer as ArrayBuffer);
const lengths = (...texts: string[]): Uint8Array =>
  Buffer.concat(
    texts.map((text) => {
      const size = Buffer.alloc(4);
      size.writeUInt32LE(Buffer.byteLength(text));
      return Buffer.concat([size, Buffer.from(text)]);
    }),
  );

const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: negative } = Number;
const names = ['NaN', 'Infinity', '-Infinity'];
const cases: Case[] = [
  {
    dtype: 'float32',
    datatype: 'FP32',
    json: [0.1, 3.4028234663852886e38, ...names],
    bytes: littleEndian(new Float32Array([0.1, 3.4028234663852886e38, nan, inf, negative])),
  },
  {
    dtype: 'float64',
    datatype: 'FP64',
    json: [0.1, -1.7976931348623157e308, 5e-324, ...names],
    bytes: littleEndian(new Float64Array([0.1, -1.7976931348623157e308, 5e-324, nan, inf, negative])),
  },
  {
    dtype: 'float16',
    datatype: 'FP16',
    json: [0.1, -65504, 5.96e-8, ...names],
    bytes: littleEndian(new Float16Array([0.1, -65504, 2 ** -24, nan, inf, negative])),
  },
  { dtype: 'int8', datatype: 'INT8', json: [-128, 0, 127], bytes: littleEndian(new Int8Array([-128, 0, 127])) },
  { dtype: 'int16', datatype: 'INT16', json: [-32768, 32767], bytes: littleEndian(new Int16Array([-32768, 32767])) },
  {
    dtype: 'int32',
    datatype: 'INT32',
    json: [-2147483648, 2147483647],
    bytes: littleEndian(new Int32Array([-2147483648, 2147483647])),
  },
  {
    dtype: 'int64',
    datatype: 'INT64',
    json: ['9007199254740993', '9223372036854775807', '-9223372036854775808', 7],
    bytes: littleEndian(new BigInt64Array([2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 7n])),
  },
  { dtype: 'uint8', datatype: 'UINT8', json: [0, 255], bytes: littleEndian(new Uint8Array([0, 255])) },
  { dtype: 'uint16', datatype: 'UINT16', json: [0, 65535], bytes: littleEndian(new Uint16Array([0, 65535])) },
  { dtype: 'uint32', datatype: 'UINT32', json: [0, 4294967295], bytes: littleEndian(new Uint32Array([0, 4294967295])) },
  {
    dtype: 'uint64',
    datatype: 'UINT64',
    json: ['9223372036854775809', '18446744073709551615', 0],
    bytes: littleEndian(new BigUint64Array([2n ** 63n + 1n, 2n ** 64n - 1n, 0n])),
  },
  { dtype: 'bool', datatype: 'BOOL', json: [true, false], bytes: new Uint8Array([1, 0]) },
  {
    dtype: 'string',
    datatype: 'BYTES',
    json: ['a', 'ü€💥', '', '\t"\\'],
    bytes: lengths('a', 'ü€💥', '', '\t"\\'),
  },
];

const store = new ModelStore();
let app: TestApp;
beforeAll(() => {
  for (const { dtype } of cases) store.promote(store.publish(dtype, '1.0.0', { model: identity(dtype) }));
  const names = cases.map(({ dtype }) => dtype);
  app = new TestApp(store.root, { MODEL_NAME: 'float32', COLDGATE_MODELS: names.join(',') });
});
afterAll(async () => {
  await app.close();
  store.remove();
});

const infer = (dtype: Dtype, body: object | Uint8Array): Promise<Reply> =>
  app.ask(`/v1/models/${dtype}/infer`, { body });
const v2 = (dtype: Dtype, json: object | string, tail?: Uint8Array): Promise<Reply> => {
  const head = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  const headers = tail && { 'inference-header-content-length': String(head.byteLength) };
  return app.ask(`/v2/models/${dtype}/infer`, {
    body: Buffer.concat([head, ...(tail ? [tail] : [])]),
    ...(headers && { headers }),
  });
};

describe.each(cases)('elements of $dtype come back unchanged', ({ dtype, datatype, json, bytes }) => {
  const shape = [json.length];

  it('through nested lists', async () => {
    expect((await infer(dtype, { inputs: json })).json).toMatchObject({ outputs: { y: json } });
    expect((await infer(dtype, { inputs: { x: json } })).json).toMatchObject({ outputs: { y: json } });
    expect((await infer(dtype, { inputs: { x: [] } })).json).toMatchObject({ outputs: { y: [] } });
  });

  it('through typed tensors', async () => {
    const reply = await infer(dtype, { inputs: { x: { shape, dtype, data: json } } });
    expect(reply.json).toMatchObject({ outputs: { y: { shape, dtype, data: json } } });
  });

  it('through bytes, or not at all for text', async () => {
    const reply = await infer(dtype, bytes);
    if (dtype === 'string') {
      expect(reply).toMatchObject({ status: 400, json: { error: { code: 'bad-input' } } });
      return;
    }
    expect(reply.headers).toMatchObject({ 'x-tensor-dtype': dtype, 'x-tensor-shape': String(json.length) });
    expect(Buffer.from(reply.body as Uint8Array)).toEqual(Buffer.from(bytes));
  });

  it('through a batch', async () => {
    const items = [{ inputs: json }, { inputs: [json[0]] }];
    const { json: answer } = await app.ask(`/v1/models/${dtype}/batch`, { body: { items } });
    expect(answer).toMatchObject({ items: [{ outputs: { y: json } }, { outputs: { y: [json[0]] } }], stacked: true });
  });

  it('through JSON of the Open Inference Protocol', async () => {
    const reply = await v2(dtype, { inputs: [{ name: 'x', shape, datatype, data: json }] });
    // Digits of long integers are numbers there, which this reading would round.
    const digits = (reply.body as string).replace(/(?<=[[,])-?\d{16,}(?=[\],])/g, '"$&"');
    expect(JSON.parse(digits)).toMatchObject({ outputs: [{ name: 'y', shape, datatype, data: json }] });
  });

  it('through bytes of the Open Inference Protocol', async () => {
    const parameters = { binary_data_size: bytes.byteLength };
    const head = { inputs: [{ name: 'x', shape, datatype, parameters }], parameters: { binary_data_output: true } };
    const reply = await v2(dtype, head, bytes);
    const length = Number(reply.headers['inference-header-content-length']);
    const answer = Buffer.from(reply.body as Uint8Array);
    expect(JSON.parse(answer.subarray(0, length).toString('utf8'))).toMatchObject({
      outputs: [{ name: 'y', shape, datatype, parameters }],
    });
    expect(answer.subarray(length)).toEqual(Buffer.from(bytes));
  });
});

describe('integers of 64 bits', () => {
  it.each<[Dtype, string, string]>([
    ['int64', 'INT64', '[9223372036854775807,-9223372036854775808,9007199254740993,1]'],
    ['uint64', 'UINT64', '[18446744073709551615,9223372036854775809,0,1]'],
  ])('of the Open Inference Protocol keep every digit as plain numbers: %s', async (dtype, datatype, data) => {
    // Quotes and backslashes before the numbers, to be told apart from them.
    const id = JSON.stringify('"[1234567890123456789,\\');
    const reply = await v2(
      dtype,
      `{"id":${id},"inputs":[{"name":"x","shape":[4],"datatype":"${datatype}","data":${data}}]}`,
    );
    expect(reply.body).toContain(`"data":${data}`);
    expect(reply.json).toMatchObject({ id: JSON.parse(id) });
  });

  it.each(['9223372036854775808', '1e19', '1.5', '"1e3"'])('refuse %s, which is none', async (element) => {
    for (const reply of [
      await v2('int64', `{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[${element}]}]}`),
      await app.ask('/v1/models/int64/infer', { body: `{"inputs":[${element}]}` }),
    ]) {
      expect(reply).toMatchObject({ status: 400 });
      expect(reply.body).toContain('from -2^63 to 2^63 - 1');
    }
  });

  it('refuse plain numbers that lost digits before they could be read', async () => {
    const reply = await app.ask('/v1/models/int64/infer', { body: '{"inputs":[9007199254740993]}' });
    expect(reply).toMatchObject({ status: 400 });
    expect(reply.body).toContain('beyond 2^53 as a string of digits');
  });

  it('leave long numbers of other tensors as they are', async () => {
    const body = '{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[12345678901234567890]}]}';
    expect((await v2('float64', body)).json).toMatchObject({ outputs: [{ data: [Number('12345678901234567890')] }] });
  });
});

describe('text', () => {
  it.each(['a\u0000b', 'a\ud800'])('that the runtime would change is refused: %j', async (element) => {
    for (const reply of [
      await infer('string', { inputs: [element] }),
      await v2('string', { inputs: [{ name: 'x', shape: [1], datatype: 'BYTES', data: [element] }] }),
    ]) {
      expect(reply).toMatchObject({ status: 400 });
      expect(reply.body).toContain('text without U+0000');
    }
  });
});

describe('elements of every dtype', () => {
  it('come back unchanged from a version that runs in a thread of its own', async () => {
    const bed = await openAdapterBed();
    const openNext = openWorkerSession(pathToFileURL(join(bed.bundle, 'node.cjs')));
    const other = new TestApp(
      store.root,
      { MODEL_NAME: 'int8', COLDGATE_MODELS: cases.map(({ dtype }) => dtype).join(',') },
      { openNext },
    );
    for (const { dtype, json, bytes } of cases) {
      const url = `/v1/models/${dtype}`;
      await other.ask(`${url}/health?warm=true`);
      store.promote(store.publish(dtype, '1.1.0', { model: identity(dtype) }));
      other.clock += 60_000;
      expect((await other.ask(`${url}/health?warm=true`)).json).toMatchObject({ model: { version: '1.1.0' } });
      expect((await other.ask(`${url}/infer`, { body: { inputs: json } })).json).toMatchObject({
        outputs: { y: json },
      });
      if (dtype === 'string') continue;
      const reply = await other.ask(`${url}/infer`, { body: bytes });
      expect(Buffer.from(reply.body as Uint8Array)).toEqual(Buffer.from(bytes));
    }
    await other.close();
    bed.remove();
  });
});
