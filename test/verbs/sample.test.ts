import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { encodeModel, node, tensor, tensorType, tinyModel, value, zipMapModel } from '../fixtures/onnx.ts';

/** Files that NumPy 2.4 and onnx 1.23 wrote: x is [[1, 2], [3, 4]], in double precision, and big-endian in Fortran's order. */
const files = {
  npz: 'UEsDBC0AAAAIAAAAIQAhNYtp//////////8FABQAeC5ucHkBABAAoAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqGuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CkaaOgq1CmQDLgYw+GAPoRkcIBQHlBZwAABQSwECLQMtAAAACAAAACEAITWLaVUAAACgAAAABQAAAAAAAAAAAAAAgAEAAAAAeC5ucHlQSwUGAAAAAAEAAQAzAAAAjAAAAAAA',
  fortran:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnPmY0JywgJ2ZvcnRyYW5fb3JkZXInOiBUcnVlLCAnc2hhcGUnOiAoMiwgMiksIH0gICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAo/gAAAQEAAAEAAAABAgAAA',
  objects:
    'k05VTVBZAQB2AHsnZGVzY3InOiAnfE8nLCAnZm9ydHJhbl9vcmRlcic6IEZhbHNlLCAnc2hhcGUnOiAoMSwpLCB9ICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIAqABJWLAAAA',
  inputPb: 'CAIIAhABQgF4ShAAAIA/AAAAQAAAQEAAAIBA',
  outputPb: 'CAIIAhABQgF5ShAAALBAAACAPwAAOEEAAIA/',
  /** [[1.5, 2.5]], not as raw bytes. */
  floatsPb: 'CAEIAhABIggAAMA/AAAgQEIBeA==',
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'coldgate-sample-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (path: string, content: string | Uint8Array): void => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
};
const bytes = (base64: string): Buffer => Buffer.from(base64, 'base64');
const read = (path = 'models/tiny-sample.json') => JSON.parse(readFileSync(join(folder, path), 'utf8'));
const coldgate = (line: string) => runInProcess(folder, line.split(' '));

function project(model: Uint8Array = tinyModel(), sample = ''): void {
  write('models/tiny.onnx', model);
  write(
    'models.yaml',
    `schema: 1\nmodels:\n  tiny:\n    version: 1.0.0\n    files: { model.onnx: models/tiny.onnx }\n${sample}`,
  );
}

/** Names the sample in models.yaml and has `validate` judge it. */
async function demandValid(): Promise<void> {
  project(readFileSync(join(folder, 'models/tiny.onnx')), '    sample: models/tiny-sample.json\n');
  expect(await coldgate('validate')).toMatchObject({ exit: 0, message: '' });
}

describe('coldgate sample', () => {
  it.each<[string, string, string | Uint8Array, number[]]>([
    ['an archive of NumPy', 'x.npz', bytes(files.npz), [1, 2, 3, 4]],
    ['an array of NumPy', 'any.npy', bytes(files.fortran), [1, 2, 3, 4]],
    ['a tensor of ONNX', 'in.pb', bytes(files.floatsPb), [1.5, 2.5]],
    ['columns', 'rows.csv', 'a,b\r\n1,2\r\n"3",4\r\n', [1, 2, 3, 4]],
    ['numbers without names', 'rows.csv', '0.1,2\n3,4', [0.1, 2, 3, 4]],
    ['a bare list', 'in.json', '\uFEFF[[0.1, "NaN"]]', [0.1, 'NaN'] as number[]],
    ['a request', 'in.json', '{"inputs": {"x": {"shape": [1, 2], "data": [1, 2]}}}', [1, 2]],
  ])('runs the model on %s', async (_what, name, content, data) => {
    project();
    write(name, content);
    expect(await coldgate(`sample --inputs ${name}`)).toMatchObject({ exit: 0 });
    expect(read().inputs.x).toEqual({ dtype: 'float32', shape: [data.length / 2, 2], data });
    expect(read().outputs.y.shape).toEqual([data.length / 2, 2]);
    await demandValid();
  });

  it('makes inputs up, in few digits', async () => {
    project();
    expect(await coldgate('sample')).toMatchObject({ exit: 0, document: { sample: 'models/tiny-sample.json' } });
    const text = JSON.stringify(read());
    expect(Math.max(...[...text.matchAll(/\.(\d+)/g)].map(([, digits]) => digits!.length))).toBeLessThanOrEqual(9);
    await demandValid();
  });

  it('takes test data of ONNX, and refuses such of another model', async () => {
    project();
    write('set/test_data_set_0/input_0.pb', bytes(files.inputPb));
    write('set/test_data_set_0/output_0.pb', bytes(files.outputPb));
    expect(await coldgate('sample --inputs set')).toMatchObject({ exit: 0 });
    expect(read().outputs.y.data).toEqual([5.5, 1, 11.5, 1]);
    project(tinyModel(2));
    expect(await coldgate('sample --inputs set --force')).toMatchObject({ exit: 3, code: 'sample-mismatch' });
    expect(read().outputs.y.data).toEqual([5.5, 1, 11.5, 1]);
  });

  it('writes class scores, whole numbers beyond 2^53 as text, and no outputs that differ from run to run', async () => {
    project(zipMapModel());
    expect(await coldgate('sample')).toMatchObject({ exit: 0 });
    expect(Object.keys(read().outputs)).toEqual(['label', 'scores']);
    await demandValid();
    const x = value('x', tensorType('int64', ['n']));
    project(
      encodeModel({
        nodes: [node('Identity', ['x'], ['y'])],
        inputs: [x],
        outputs: [value('y', tensorType('int64', ['n']))],
      }),
    );
    write('in.json', '[7, "9007199254740993"]');
    expect(await coldgate('sample --inputs in.json --force')).toMatchObject({ exit: 0 });
    expect(read().outputs.y.data).toEqual([7, '9007199254740993']);
    const random = value('y', tensorType('float32', ['n']));
    project(
      encodeModel({
        nodes: [node('Cast', ['x'], ['f'], castToFloat), node('RandomNormalLike', ['f'], ['y'])],
        inputs: [x],
        outputs: [random],
      }),
    );
    expect(await coldgate('sample --force')).toMatchObject({ exit: 0 });
    expect(read()).toEqual({ inputs: { x: expect.anything() } });
  });

  it('gives optional inputs a value where one is given', async () => {
    const w = new Uint8Array(Float32Array.of(2).buffer);
    const info = (name: string, size: number | string) => value(name, tensorType('float32', [size]));
    project(
      encodeModel({
        nodes: [node('Mul', ['x', 'w'], ['y'])],
        initializers: [tensor('w', 'float32', [1], w)],
        inputs: [info('x', 'n'), info('w', 1)],
        outputs: [info('y', 'n')],
      }),
    );
    write('in.json', '{"x": [1, 2], "w": [5]}');
    expect(await coldgate('sample --inputs in.json')).toMatchObject({ exit: 0 });
    expect(read().outputs.y.data).toEqual([5, 10]);
    await demandValid();
  });
});

/** Attribute `to` of Cast: float32. */
const castToFloat = Buffer.from([0x2a, 9, 0x0a, 2, 0x74, 0x6f, 0x18, 1, 0xa0, 0x01, 2]);

describe('coldgate sample refuses', () => {
  it.each<[string, string, string | Uint8Array, RegExp]>([
    ['Python objects', 'x.npy', bytes(files.objects), /Python objects/],
    ['an array that was cut off', 'x.npy', bytes(files.fortran).subarray(0, -4), /expected 16 bytes .* got 12/],
    ['what is no archive', 'x.npz', 'nothing', /numpy\.savez/],
    ['no tensor', 'x.pb', Uint8Array.of(1, 2, 3), /TensorProto/],
    ['another shape', 'x.json', '[[1, 2, 3]]', /x\.shape: expected \[batch, 2\], got \[1, 3\]/],
    ['an unknown name', 'x.json', '{"z": [[1, 2]]}', /expected tensors named x, got z/],
    ['uneven rows', 'x.csv', 'a,b\n1,2\n3\n', /x\.csv:3: expected 2 columns/],
    ['text in place of numbers', 'x.csv', 'a,b\n1,two\n', /x\[0\]\[1\]: expected a number/],
    [
      'a bare NaN',
      'x.json',
      '{"x": [[1,\n  NaN]]}',
      /NaN, which JSON does not have, at line 2, column 3\. Write it as text: "NaN"/,
    ],
    ['a pointer of Git LFS', 'x.npz', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n', /Git LFS/],
    ['a pointer of DVC', 'x.json', 'outs:\n- md5: 00\n  path: x.json\n', /DVC/],
    ['another type of file', 'x.txt', 'hello', /expected \.npz/],
  ])('%s', async (_what, name, content, words) => {
    project();
    write(name, content);
    const { exit, message, hint } = await coldgate(`sample --inputs ${name}`);
    expect(`${message} ${hint}`).toMatch(words);
    expect(exit).toBe(/pointer/.test(_what) ? 3 : 2);
    expect(() => read()).toThrow();
  });

  it('to write over a file, inputs for several models, and what is not there', async () => {
    project();
    write('models/tiny-sample.json', 'mine');
    expect(await coldgate('sample')).toMatchObject({ exit: 2, code: 'sample-exists' });
    expect(readFileSync(join(folder, 'models/tiny-sample.json'), 'utf8')).toBe('mine');
    expect(await coldgate('sample --inputs gone.npz --force')).toMatchObject({ exit: 2, code: 'bad-inputs' });
    const yaml = readFileSync(join(folder, 'models.yaml'), 'utf8');
    write('models.yaml', `${yaml}  twin:\n    version: 1.0.0\n    files: { model.onnx: models/tiny.onnx }\n`);
    expect(await coldgate('sample --output all.json')).toMatchObject({ exit: 2 });
    expect(await coldgate('sample')).toMatchObject({ exit: 0 });
  });

  it('for one model of several keeps no other from its own', async () => {
    write('models/broken.onnx', 'no model');
    project(tinyModel(), '');
    const yaml = readFileSync(join(folder, 'models.yaml'), 'utf8');
    const entry = '  broken:\n    version: 1.0.0\n    files: { model.onnx: models/broken.onnx }\n';
    write('models.yaml', yaml.replace('models:\n', `models:\n${entry}`));
    const { exit, code, message } = await coldgate('sample');
    expect({ exit, code }).toEqual({ exit: 3, code: 'not-onnx' });
    expect(message).toMatch(/^broken: .*broken\.onnx/);
    expect(read()).toHaveProperty('outputs.y');
  });
});

describe('coldgate sample --from', () => {
  let server: Server;
  let answer: { status: number; body: unknown } = { status: 200, body: {} };
  const requests: { url: string; body: unknown }[] = [];
  let address: string;
  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      requests.push({ url: request.url as string, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());

  it.each([
    ['', '/v1/infer', { y: { dtype: 'float32', shape: [1, 2], data: [5.5, 1.0001] } }],
    ['/v2/models/m', '/v2/models/m/infer', [{ name: 'y', shape: [1, 2], datatype: 'FP32', data: [5.5, 1.0001] }]],
  ])('records what an endpoint at %j answers', async (path, url, outputs) => {
    project();
    write('x.json', '[[1, 2]]');
    answer = { status: 200, body: { outputs } };
    expect(await coldgate(`sample --inputs x.json --from ${address}${path}`)).toMatchObject({ exit: 0 });
    expect(requests.at(-1)?.url).toBe(url);
    expect(read().outputs.y).toEqual({ dtype: 'float32', shape: [1, 2], data: [5.5, 1.0001] });
    await demandValid();
  });

  it('refuses one that serves another model, or none', async () => {
    project();
    answer = { status: 200, body: { outputs: { y: { dtype: 'float32', shape: [1, 2], data: [9, 9] } } } };
    write('x.json', '[[1, 2]]');
    const line = `sample --inputs x.json --from ${address}`;
    expect(await coldgate(line)).toMatchObject({ exit: 3, code: 'sample-mismatch' });
    for (const [status, body] of [
      [500, 'no'],
      [200, {}],
    ] as const) {
      answer = { status, body };
      expect(await coldgate(line)).toMatchObject({ exit: 7, code: 'endpoint-failed' });
    }
    expect(() => read()).toThrow();
  });
});
