import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runInProcess } from '../fakes/registry/forged-store.ts';
import { layFiles, outside, tinyGraph, tinyWeights, tinyWith } from '../fixtures/external.ts';
import { encodeModel, integer, node, tensorType, tinySample, value } from '../fixtures/onnx.ts';
import { Project } from '../fixtures/project.ts';
import { TestApp } from '../handler/test-app.ts';

const floats = (...values: number[]): Buffer => Buffer.from(new Float32Array(values).buffer);
const w = [1, -1, 2, 1];
const b = [0.5, 0];

/** `y = relu(x · w + concat(b, none))`, with a tensor without elements. */
const withNone = encodeModel({
  nodes: [
    node('Concat', ['b', 'none'], ['all'], integer('axis', 0)),
    node('Gemm', ['x', 'w', 'all'], ['h']),
    node('Relu', ['h'], ['y']),
  ],
  initializers: [
    outside('w', ['d.bin', 0, 16]),
    outside('b', ['d.bin', 16, 8], { shape: [2] }),
    outside('none', ['d.bin', 0, 0], { shape: [0] }),
  ],
  inputs: [value('x', tensorType('float32', ['batch', 2]))],
  outputs: [value('y', tensorType('float32', ['batch', 2]))],
});

/** What exporters write, by files in the folder of the model. All of them answer as `tinyModel()` does. */
const layouts: [what: string, files: Record<string, Uint8Array>][] = [
  ['one file, named as PyTorch does', { 'model.onnx': tinyGraph('model.onnx.data'), 'model.onnx.data': tinyWeights() }],
  [
    'one file for each tensor, in folders',
    {
      'model.onnx': tinyWith(outside('w', ['weights/w']), outside('b', ['./weights/deep/b.bin'], { shape: [2] })),
      'weights/w': floats(...w),
      'weights/deep/b.bin': floats(...b),
    },
  ],
  [
    'a file that several tensors share, with padding before, between and after them',
    {
      'model.onnx': tinyWith(outside('w', ['d', 4096, 16]), outside('b', ['d', 8192, 8], { shape: [2] })),
      d: Buffer.concat([Buffer.alloc(4096), floats(...w), Buffer.alloc(4080), floats(...b), Buffer.alloc(100)]),
    },
  ],
  [
    'two tensors that share all of their bytes',
    {
      'model.onnx': encodeModel({
        nodes: [
          node('Gemm', ['x', 'w', 'b'], ['h']),
          node('Add', ['h', 'c'], ['i']),
          node('Sub', ['i', 'b'], ['j']),
          node('Relu', ['j'], ['y']),
        ],
        initializers: [
          outside('w', ['w', 0, 16]),
          outside('b', ['b', 0, 8], { shape: [2] }),
          outside('c', ['b', 0, 8], { shape: [2] }),
        ],
        inputs: [value('x', tensorType('float32', ['batch', 2]))],
        outputs: [value('y', tensorType('float32', ['batch', 2]))],
      }),
      w: floats(...w),
      b: floats(...b),
    },
  ],
  ['a tensor without elements', { 'model.onnx': withNone, 'd.bin': floats(...w, ...b) }],
];

describe('external data, from the exporter to the function', () => {
  let project: Project;
  beforeAll(() => {
    project = new Project();
    writeFileSync(project.path('sample.json'), JSON.stringify({ ...tinySample, outputs: { y: [[5.5, 1]] } }));
    const entries = layouts.map(
      (_, at) =>
        `  m${at}: { version: 1.0.0, optimize: cold, sample: sample.json, files: { model.onnx: m${at}/model.onnx } }`,
    );
    // Two models whose folder, and so whose data, is one.
    entries.push('  twin: { version: 1.0.0, optimize: off, sample: sample.json, files: { twin.onnx: m0/model.onnx } }');
    const environment = '  local: { store: "file:store", target: { provider: local } }';
    const yaml = `schema: 1\nenvironments:\n${environment}\nmodels:\n${entries.join('\n')}\n`;
    writeFileSync(project.path('models.yaml'), yaml);
    for (const [at, [, files]] of layouts.entries()) layFiles(project.path(`m${at}`), files);
  });
  afterAll(() => project?.remove());

  it('is loaded by the runtime, published and promoted, in every layout', async () => {
    for (const line of ['validate', 'publish', 'promote --gate skip', 'verify']) {
      const ended = await runInProcess(project.folder, line.split(' '));
      expect(ended, `${line}: ${ended.message}`).toMatchObject({ exit: 0 });
    }
  });

  it.each([...layouts.map(([what], at) => [what, `m${at}`]), ['data that another model has as well', 'twin']])(
    'is served with %s, as published and in its form',
    async (_what, name) => {
      for (const variables of [{}, { MODEL_VERSION: '1.0.0' }]) {
        const app = new TestApp(project.path('store'), { MODEL_NAME: name, ...variables });
        expect((await app.ask('/v1/health?warm=true')).json).toMatchObject({ sample: 'ok' });
        const { json } = await app.ask('/v1/infer', { body: { inputs: tinySample.inputs } });
        expect(json).toMatchObject({ outputs: { y: [[5.5, 1]] } });
        await app.close();
      }
    },
  );
});
