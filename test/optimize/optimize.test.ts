import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { writeColdForm } from '../../src/optimize/cold-form.ts';
import type { Job, OptimizeJob } from '../../src/optimize/jobs.ts';
import { measureParity } from '../../src/optimize/parity.ts';
import { runInChild } from '../../src/optimize/run-in-child.ts';
import { readOptimized } from '../../src/optimize/write-optimized.ts';
import {
  encodeModel,
  graphAttribute,
  node,
  tensor,
  tensorType,
  tinyModel,
  tinySample,
  tokenModel,
  value,
  writeDenseModel,
} from '../fixtures/onnx.ts';
import { bytes, int, text } from '../fixtures/protobuf.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-optimize-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const entry = join(import.meta.dirname, '../../src/optimize/entry.ts');

const file = (name: string, content: Uint8Array | object): string => {
  const path = join(root, name);
  writeFileSync(path, content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
};
const bounds = { timeoutMs: 300_000, memoryBytes: 2 ** 40 };
const work = <J extends Job>(job: J) => runInChild(job, { entry, ...bounds });
const optimize = (kind: OptimizeJob['kind'], model: string, sample?: string) =>
  work({ do: 'optimize', kind, model, out: mkdtempSync(join(root, 'out-')), sample });

/** y = x · w, and w of a size that nobody guesses. */
const odd = (): Buffer =>
  encodeModel({
    nodes: [node('MatMul', ['x', 'w'], ['y'])],
    initializers: [tensor('w', 'float32', [777, 2], new Uint8Array(777 * 2 * 4))],
    inputs: [value('x', tensorType('float32', ['n', 'm']))],
    outputs: [value('y', tensorType('float32', ['n', 2]))],
  });
const oddSample = { inputs: { x: [Array(777).fill(1)] } };

/** y = x, put into steps of 1/64 and back, times w. */
const quantized = (): Buffer => {
  const scale = tensor('scale', 'float32', [], new Uint8Array(new Float32Array([1 / 64]).buffer));
  const zero = tensor('zero', 'uint8', [], Uint8Array.of(128));
  const weights = new Float32Array(64 * 64).map((_, i) => Math.sin(i));
  return encodeModel({
    nodes: [
      node('QuantizeLinear', ['x', 'scale', 'zero'], ['steps']),
      node('DequantizeLinear', ['steps', 'scale', 'zero'], ['back']),
      node('MatMul', ['back', 'w'], ['y']),
    ],
    initializers: [scale, zero, tensor('w', 'float32', [64, 64], new Uint8Array(weights.buffer))],
    inputs: [value('x', tensorType('float32', ['n', 64]))],
    outputs: [value('y', tensorType('float32', ['n', 64]))],
  });
};

/** A TensorProto attribute of a Constant node. */
const constant = (output: string, raw: Uint8Array): Buffer => {
  const attribute = Buffer.concat([text(1, 'value'), bytes(5, tensor('', 'float32', [64, 64], raw)), int(20, 4)]);
  return node('Constant', [], [output], bytes(5, attribute));
};

describe('the cold form', () => {
  it('is described by its bytes, its runtime and its parity', async () => {
    const model = join(root, 'dense.onnx');
    writeDenseModel(model, { layers: 2, width: 64 });
    const { artifacts, compared } = await optimize('cold', model);
    expect(compared).toBe(3);
    const [{ entry: made, source }] = artifacts as [(typeof artifacts)[0]];
    expect(made).toMatchObject({
      path: 'artifacts/cold-1.30.0.ortm',
      kind: 'cold',
      runtime_version: '1.30.0',
      optimization: 'extended',
    });
    expect(made.parity.max_relative).toBeLessThan(1e-5);
    expect([made.sha256, made.size]).toEqual([sha256(readFileSync(source)), statSync(source).size]);
    expect(readFileSync(source).subarray(4, 8).toString()).toBe('ORTM');
    expect(readdirSync(join(source, '..'))).toEqual(['cold-1.30.0.ortm']);
  });

  it('is compared on the golden sample where made-up inputs do not run', async () => {
    const model = file('odd.onnx', odd());
    await expect(optimize('cold', model)).rejects.toMatchObject({ code: 'parity-unmeasured', exit: 3 });
    expect(await optimize('cold', model, file('odd.json', oddSample))).toMatchObject({ compared: 1 });
  });

  it('works for whole numbers that are indices', async () => {
    const { compared } = await optimize('cold', file('token.onnx', tokenModel()));
    expect(compared).toBe(3);
  });

  it('is refused where it answers otherwise than the original', async () => {
    const other = { path: file('b.onnx', tinyModel(0.501)), form: 'original' as const };
    const failed = measureParity(file('a.onnx', tinyModel(0.5)), other, tinySample);
    await expect(failed).rejects.toMatchObject({ code: 'parity', exit: 3, data: { output: 'y', tolerance: 1e-4 } });
    const refuses = { path: file('c.onnx', odd()), form: 'original' as const };
    await expect(measureParity(file('a.onnx', tinyModel()), refuses, tinySample)).rejects.toMatchObject({
      code: 'parity',
    });
  });

  it('is refused where a node is laid out for one kind of CPU, subgraphs included', async () => {
    const blocked = node('Conv', ['x', 'w'], ['y'], text(7, 'com.microsoft.nchwc'));
    const nested = node('If', ['c'], ['y'], graphAttribute('then_branch', bytes(1, blocked), text(2, 'then')));
    for (const nodes of [[blocked], [nested]]) {
      const inputs = [value('x', tensorType('float32', [1]))];
      const path = file('blocked.onnx', encodeModel({ nodes, inputs, outputs: inputs }));
      await expect(readOptimized(path)).rejects.toMatchObject({ code: 'hardware-bound', exit: 3 });
    }
    await readOptimized(file('plain.onnx', tinyModel()));
  });

  it('that cannot be written is no fault of its model', async () => {
    const failed = writeColdForm({ model: file('fine.onnx', tinyModel()), out: join(root, 'nowhere') });
    await expect(failed).rejects.toMatchObject({ code: 'artifact-unsupported', exit: 3 });
    const broken = file('junk.onnx', Buffer.from('junk'));
    await expect(writeColdForm({ model: broken, out: root })).rejects.toMatchObject({ code: 'model-unusable' });
  });

  it('says that a file is no model', async () => {
    await expect(optimize('cold', file('bad.onnx', Buffer.from('<html>')))).rejects.toMatchObject({
      code: 'not-onnx',
      exit: 3,
    });
  });
});

describe('the steady form', () => {
  it('moves weights to a file named by its digest and answers bit for bit the same', async () => {
    const model = join(root, 'steady.onnx');
    writeDenseModel(model, { layers: 3, width: 64 });
    const { artifacts } = await optimize('steady', model);
    const [graph, weights] = artifacts.map(({ entry: made }) => made);
    expect(graph).toMatchObject({ path: 'artifacts/steady-1.30.0.onnx', parity: { max_relative: 0, max_absolute: 0 } });
    expect(weights).toMatchObject({ path: `artifacts/${weights?.sha256}.bin`, kind: 'steady', size: 3 * 64 * 64 * 4 });
    expect(graph!.size).toBeLessThan(2000);
    expect(sha256(readFileSync(artifacts[1]!.source))).toBe(weights!.sha256);
    expect(await optimize('steady', model)).toMatchObject({ artifacts: [{ entry: graph }, { entry: weights }] });
  });

  it('moves weights of Constant nodes too', async () => {
    const raw = new Uint8Array(new Float32Array(64 * 64).map((_, i) => Math.sin(i)).buffer);
    const model = encodeModel({
      nodes: [constant('w', raw), node('MatMul', ['x', 'w'], ['y'])],
      inputs: [value('x', tensorType('float32', ['n', 64]))],
      outputs: [value('y', tensorType('float32', ['n', 64]))],
    });
    const { artifacts } = await optimize('steady', file('constant.onnx', model));
    expect(artifacts.map(({ entry: made }) => made.parity.max_absolute)).toEqual([0, 0]);
    expect(readFileSync(artifacts[1]!.source)).toEqual(Buffer.from(raw));
  });

  it('is a graph alone for a model without weights worth moving', async () => {
    const { artifacts } = await optimize('steady', file('tiny.onnx', tinyModel()));
    expect(artifacts.map(({ entry: made }) => made.path)).toEqual(['artifacts/steady-1.30.0.onnx']);
  });

  it('has the operators that the runtime fused, where they are the same for every CPU', async () => {
    const { artifacts } = await optimize('steady', file('fused.onnx', tinyModel()));
    expect(artifacts[0]?.entry.optimization).toBe('extended');
    expect((await readModelHead(artifacts[0]!.source)).operators).toEqual(['FusedGemm']);
  });

  it('has quantised nodes as they were: they are fused where the function runs', async () => {
    const { artifacts } = await optimize('steady', file('quantised.onnx', quantized()));
    expect(artifacts[0]?.entry).toMatchObject({ optimization: 'basic', parity: { max_absolute: 0 } });
    const { operators } = await readModelHead(artifacts[0]!.source);
    expect(operators).toEqual(['DequantizeLinear', 'MatMul', 'QuantizeLinear']);
  });

  it('is refused for a file that is cut off', async () => {
    const model = file('cut.onnx', tinyModel().subarray(0, 100));
    await expect(optimize('steady', model)).rejects.toMatchObject({ code: 'model-truncated', exit: 3 });
  });
});

describe('checking a model', () => {
  const sample = file('sample.json', tinySample);
  const model = file('check.onnx', tinyModel());

  it('loads it and runs its sample', async () => {
    expect(await work({ do: 'check', model, sample })).toMatchObject({
      loaded: true,
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
      sample: 'ok',
      runtime_version: '1.30.0',
    });
    expect(await work({ do: 'check', model })).toMatchObject({ loaded: true, sample: 'none' });
  });

  it('says where the sample is missed first', async () => {
    const other = file('other.json', { ...tinySample, outputs: { y: [[5.5, 2]] } });
    const difference = { output: 'y', field: 'data[1]', want: '2', got: '1' };
    expect(await work({ do: 'check', model, sample: other })).toMatchObject({ sample: 'mismatch', difference });
  });

  it('says why it does not load, without the path, which the caller names', async () => {
    const checked = await work({ do: 'check', model: file('broken.onnx', Buffer.from('junk')) });
    expect(checked).toMatchObject({ loaded: false, sample: 'none', reason: 'Protobuf parsing failed' });
  });
});
