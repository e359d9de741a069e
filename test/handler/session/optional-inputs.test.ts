import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadError } from '../../../src/handler/model/load-error.ts';
import { openSession } from '../../../src/handler/session/open-session.ts';
import { OptionalRuns } from '../../../src/handler/session/optional-runs.ts';
import type { Tensors } from '../../../src/handler/session/session.ts';
import type { Dtype } from '../../../src/model/tensor-info.ts';
import { readModelHead } from '../../../src/onnx/read-head.ts';
import { checkModel } from '../../../src/optimize/check-model.ts';
import { optimizeModel } from '../../../src/optimize/optimize-model.ts';
import { encodeModel, node, tensor, tensorType, value } from '../../fixtures/onnx.ts';
import { bytes, int, text } from '../../fixtures/protobuf.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const floats = (...numbers: number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer);
const input = (name: string, dtype: Dtype, shape: (number | string)[]): Buffer => value(name, tensorType(dtype, shape));

/** y = x * scale + offset, of which x alone must be given: scale is 2 and offset 10, one as bytes and one as numbers. */
const scaled = encodeModel({
  nodes: [node('Mul', ['x', 'scale'], ['h']), node('Add', ['h', 'offset'], ['y'])],
  initializers: [
    tensor('scale', 'float32', [1], floats(2)),
    Buffer.concat([int(1, 1), int(2, 1), bytes(4, floats(10)), text(8, 'offset')]),
  ],
  inputs: [input('scale', 'float32', [1]), input('x', 'float32', ['n', 2]), input('offset', 'float32', [1])],
  outputs: [input('y', 'float32', ['n', 2])],
});

const folder = mkdtempSync(join(tmpdir(), 'coldgate-optional-'));
const path = join(folder, 'scaled.onnx');
writeFileSync(path, scaled);
const store = new ModelStore();
const apps = new Map<string, TestApp>();

beforeAll(async () => {
  const { inputs, outputs } = await readModelHead(path);
  for (const kind of ['original', 'cold', 'steady'] as const) {
    const made =
      kind === 'original'
        ? []
        : (await optimizeModel({ do: 'optimize', kind, model: path, out: join(folder, kind) })).artifacts;
    const artifacts = made.map(({ entry, source }) => ({ entry, bytes: readFileSync(source) }));
    const sample = { inputs: { x: [[1, 2]], scale: [5] }, outputs: { y: [[15, 20]] } };
    store.promote(store.publish(kind, '1.0.0', { model: scaled, inputs, outputs, artifacts, sample }));
    apps.set(kind, new TestApp(store.root, { MODEL_NAME: kind }));
  }
});
afterAll(async () => {
  for (const app of apps.values()) await app.close();
  store.remove();
  rmSync(folder, { recursive: true });
});

describe.each(['original', 'cold', 'steady'])('an input with a default, served from the %s form', (kind) => {
  const ask = (url: string, body: unknown) => apps.get(kind)!.ask(url, { body: body as object });
  const infer = (inputs: unknown) => ask('/v1/infer', { inputs });
  const v2 = `/v2/models/${kind}`;

  it('may be left out', async () => {
    expect((await infer([[1, 2]])).json).toMatchObject({ outputs: { y: [[12, 14]] } });
    expect((await infer({ x: [[1, 2]] })).json).toMatchObject({ outputs: { y: [[12, 14]] } });
    const body = new Uint8Array(floats(1, 2));
    expect(Buffer.from((await ask('/v1/infer', body)).body as Uint8Array)).toEqual(Buffer.from(floats(12, 14)));
  });

  it('may be given, each alone and all', async () => {
    expect((await infer({ x: [[1, 2]], scale: [3] })).json).toMatchObject({ outputs: { y: [[13, 16]] } });
    expect((await infer({ x: [[1, 2]], offset: [0] })).json).toMatchObject({ outputs: { y: [[2, 4]] } });
    const all = { x: [[1, 2]], offset: { shape: [1], data: [-1] }, scale: [0] };
    expect((await infer(all)).json).toMatchObject({ outputs: { y: { data: [-1, -1] } } });
    expect((await infer([[1, 2]])).json).toMatchObject({ outputs: { y: [[12, 14]] } });
  });

  it('is taken by the Open Inference Protocol, as JSON and as bytes', async () => {
    const x = { name: 'x', shape: [1, 2], datatype: 'FP32', data: [1, 2] };
    const scale = { name: 'scale', shape: [1], datatype: 'FP32', data: [3] };
    expect((await ask(`${v2}/infer`, { inputs: [scale, x] })).json).toMatchObject({ outputs: [{ data: [13, 16] }] });
    const head = JSON.stringify({ inputs: [x, { ...scale, data: undefined, parameters: { binary_data_size: 4 } }] });
    const body = Buffer.concat([Buffer.from(head), floats(4)]);
    const headers = { 'inference-header-content-length': String(head.length) };
    const reply = await apps.get(kind)!.ask(`${v2}/infer`, { body: new Uint8Array(body), headers });
    expect(reply.json).toMatchObject({ outputs: [{ data: [14, 18] }] });
    const { inputs } = (await apps.get(kind)!.ask(v2)).json as { inputs: { name: string }[] };
    expect(inputs.map(({ name }) => name)).toEqual(['x', 'scale', 'offset']);
  });

  it('is run item by item in a batch', async () => {
    const items = [{ x: [[1, 2]] }, { x: [[1, 2]], scale: [3] }, { x: [[1, 2]], scale: ['3'] }];
    const { json } = await ask('/v1/batch', { items: items.map((inputs) => ({ inputs })) });
    expect(json).toMatchObject({
      stacked: false,
      items: [{ outputs: { y: [[12, 14]] } }, { outputs: { y: [[13, 16]] } }, { error: { code: 'bad-input' } }],
    });
  });

  it('is checked as others are', async () => {
    for (const scale of [[1, 2], 1, ['a'], [[1]]]) {
      expect(await infer({ x: [[1, 2]], scale })).toMatchObject({
        status: 400,
        json: { error: { code: 'bad-input' } },
      });
    }
    const unknown = await infer({ x: [[1, 2]], skale: [1] });
    expect(unknown.body).toContain('scale (optional float32 [1])');
    expect(await infer({ scale: [1] })).toMatchObject({ status: 400 });
  });

  it('is in the golden sample that the version is proven with', async () => {
    expect((await apps.get(kind)!.ask('/v1/health?warm=true')).json).toMatchObject({
      sample: 'ok',
      model: kind === 'original' ? {} : { artifact: { kind } },
    });
    const left = readdirSync(apps.get(kind)!.cache).filter((name) => name.startsWith('.'));
    expect(left).toEqual([]);
  });

  it('is described as one that is not required', async () => {
    const document = (await apps.get(kind)!.ask('/v1/openapi.json')).json as object;
    const takes = new Ajv2020({ strict: false })
      .addSchema(document, 'api')
      .compile({ $ref: 'api#/components/schemas/InferRequest' });
    expect([{ x: [[1, 2]] }, { x: [[1, 2]], scale: [3] }, { scale: [3] }].map((inputs) => takes({ inputs }))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('defaults', () => {
  /** y = x, and out is what the optional input `d` is, or its default; `e` is another one. */
  const withDefaults = (dtype: Dtype, fields: readonly Uint8Array[]): Buffer =>
    encodeModel({
      nodes: [node('Identity', ['x'], ['y']), node('Identity', ['d'], ['out'])],
      initializers: ['d', 'e'].map((name) => Buffer.concat([...fields, text(8, name)])),
      inputs: [input('x', 'float32', [1]), input('d', dtype, [2]), input('e', dtype, [2])],
      outputs: [input('y', 'float32', [1]), input('out', dtype, [2])],
    });
  it.each<[string, Dtype, unknown[], Uint8Array[]]>([
    [
      'raw bytes',
      'float64',
      [1.5, -2],
      [int(1, 2), int(2, 11), bytes(9, new Uint8Array(Float64Array.of(1.5, -2).buffer))],
    ],
    ['packed numbers', 'int64', [7, '-9223372036854775808'], [int(1, 2), int(2, 7), int(7, 7n), int(7, -(2n ** 63n))]],
    ['text', 'string', ['a', 'b'], [int(1, 2), int(2, 8), text(6, 'a'), text(6, 'b')]],
    ['small numbers in wide ones', 'float16', [1, 2], [int(1, 2), int(2, 10), int(5, 0x3c00), int(5, 0x4000)]],
    ['truths', 'bool', [true, false], [int(1, 2), int(2, 9), int(5, 1), int(5, 0)]],
  ])('are what the model holds as %s', async (_name, dtype, expected, fields) => {
    const both = join(folder, `${dtype}.onnx`);
    writeFileSync(both, withDefaults(dtype, fields));
    const { inputs } = await readModelHead(both);
    expect(inputs.map(({ name, optional }) => [name, optional])).toEqual([
      ['x', undefined],
      ['d', true],
      ['e', true],
    ]);
    const sample = { inputs: { x: [1], e: expected }, outputs: { out: expected } };
    writeFileSync(`${both}.json`, JSON.stringify(sample));
    expect(await checkModel({ do: 'check', model: both, sample: `${both}.json` })).toMatchObject({ sample: 'ok' });
  });
});

describe('the session for optional inputs', () => {
  it('is opened once, and again only after it could not be or broke', async () => {
    let opened = 0;
    let broken = true;
    const runs = new OptionalRuns({
      path: async () => path,
      names: ['scale', 'offset'],
      folder,
      async open(file) {
        opened++;
        if (opened === 1) throw new LoadError('model-unusable', 'not now');
        const session = await openSession({ path: file, form: 'original' }, 1);
        if (opened !== 3) return session;
        const run: typeof session.run = (...given) =>
          broken ? Promise.reject(new Error('ended')) : session.run(...given);
        return { ...session, run, close: () => session.close() };
      },
    });
    const feeds: Tensors = new Map([['x', { dtype: 'float32', shape: [1, 2], data: Float32Array.of(1, 2) }]]);
    await expect(runs.run(feeds)).rejects.toMatchObject({ code: 'model-unusable' });
    await expect(runs.run(feeds)).rejects.toThrow('ended');
    broken = false;
    for (let i = 0; i < 3; i++) expect((await runs.run(feeds)).get('y')?.data).toEqual(Float32Array.of(12, 14));
    // Defaults and model, two times, after the one that failed.
    expect(opened).toBe(5);
    await runs.close();
  });
});
