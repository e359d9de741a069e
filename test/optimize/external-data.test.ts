import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { checkModel } from '../../src/optimize/check-model.ts';
import { optimizeModel } from '../../src/optimize/optimize-model.ts';
import { layFiles, outside, tinyGraph, tinyWeights } from '../fixtures/external.ts';
import { encodeModel, node, seededRandom, tensorType, value, zipMapModel } from '../fixtures/onnx.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-forms-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** `y = relu(relu(x · w) · v) + b`: w and v share their bytes, b is small, and nothing states a length. */
const shared = (): Buffer =>
  encodeModel({
    nodes: [
      node('MatMul', ['x', 'w'], ['m']),
      node('Relu', ['m'], ['r']),
      node('MatMul', ['r', 'v'], ['n']),
      node('Add', ['n', 'b'], ['y']),
    ],
    initializers: [
      outside('w', ['w.bin', 4096], { shape: [64, 64] }),
      outside('v', ['w.bin', 4096], { shape: [64, 64] }),
      outside('b', ['b.bin', 8], { shape: [64] }),
    ],
    inputs: [value('x', tensorType('float32', ['n', 64]))],
    outputs: [value('y', tensorType('float32', ['n', 64]))],
  });

const floats = (count: number): Buffer => {
  const random = seededRandom(3);
  return Buffer.from(new Float32Array(count).map(() => random() - 0.5).buffer);
};

describe('forms of a model with external data', () => {
  it.each(['cold', 'steady'] as const)('%s answers as the original does, without its files', async (kind) => {
    const folder = mkdtempSync(join(root, 'model-'));
    layFiles(folder, {
      'model.onnx': shared(),
      'w.bin': Buffer.concat([Buffer.alloc(4096), floats(64 * 64)]),
      'b.bin': floats(66),
    });
    const out = join(folder, 'out');
    const { artifacts, compared } = await optimizeModel({
      do: 'optimize',
      kind,
      model: join(folder, 'model.onnx'),
      out,
    });
    expect(compared).toBe(3);
    const [main, weights] = artifacts as [(typeof artifacts)[0], (typeof artifacts)[0]?];
    expect(main.entry.parity.max_relative).toBeLessThanOrEqual(1e-6);
    if (kind === 'cold') return;
    // Bytes that tensors share are kept once.
    expect(weights?.entry.size).toBe(64 * 64 * 4);
    const { externalData } = await readModelHead(main.source);
    const locations = new Set(externalData.map(({ stated }) => stated.get('location')));
    expect([...locations]).toEqual([`${weights?.entry.sha256}.bin`]);
    expect(statSync(weights?.source as string).size).toBe(weights?.entry.size);
  });

  it('with tensors for maps finds the files of the original, and so do the forms made of it', async () => {
    const folder = mkdtempSync(join(root, 'model-'));
    const weights = Buffer.from(new Float32Array([1, 0, 2, 0, 1, 3]).buffer);
    const model = join(folder, 'model.onnx');
    layFiles(folder, {
      'model.onnx': zipMapModel(undefined, outside('w', ['w.bin'], { shape: [2, 3] })),
      'w.bin': weights,
      'sample.json': JSON.stringify({ inputs: { x: [[1, 2]] }, outputs: { label: [2], scores: [[1, 2, 8]] } }),
    });
    const sample = join(folder, 'sample.json');
    expect(await checkModel({ do: 'check', model, sample })).toMatchObject({ loaded: true, sample: 'ok' });
    const out = join(folder, 'out');
    const made = await optimizeModel({ do: 'optimize', kind: 'tensors', model, out });
    const tensors = made.artifacts[0]?.source as string;
    for (const kind of ['cold', 'steady'] as const) {
      const job = { do: 'optimize', kind, model: tensors, folder, out, sample } as const;
      expect((await optimizeModel(job)).compared).toBeGreaterThan(1);
    }
  });

  it('has its optional inputs given where the model is checked', async () => {
    const folder = mkdtempSync(join(root, 'model-'));
    const float = (shape: (number | string)[]) => tensorType('float32', shape);
    const model = encodeModel({
      nodes: [node('Gemm', ['x', 'w', 'b'], ['y'])],
      initializers: [outside('w', ['d', 0, 16]), outside('b', ['d', 64, 8], { shape: [2] })],
      inputs: [value('x', float(['n', 2])), value('b', float([2]))],
      outputs: [value('y', float(['n', 2]))],
    });
    const json = { inputs: { x: [[1, 2]], b: [1, 1] }, outputs: { y: [[6, 2]] } };
    layFiles(folder, { 'model.onnx': model, d: tinyWeights(), 'sample.json': JSON.stringify(json) });
    const job = { do: 'check', model: join(folder, 'model.onnx'), sample: join(folder, 'sample.json') } as const;
    expect(await checkModel(job)).toMatchObject({ loaded: true, sample: 'ok' });
  });

  it('needs no weights beside it where all of them are small', async () => {
    const folder = mkdtempSync(join(root, 'model-'));
    layFiles(folder, { 'model.onnx': tinyGraph(), 'model.onnx.data': tinyWeights() });
    const job = {
      do: 'optimize',
      kind: 'steady',
      model: join(folder, 'model.onnx'),
      out: join(folder, 'out'),
    } as const;
    const { artifacts } = await optimizeModel(job);
    expect(artifacts).toHaveLength(1);
  });
});
