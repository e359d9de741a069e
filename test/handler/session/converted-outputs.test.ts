import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TensorInfo } from '../../../src/model/tensor-info.ts';
import { type ModelHead, readModelHead } from '../../../src/onnx/read-head.ts';
import { needsTensorForm } from '../../../src/onnx/served-outputs.ts';
import { checkModel } from '../../../src/optimize/check-model.ts';
import type { OptimizeResult } from '../../../src/optimize/jobs.ts';
import { optimizeModel } from '../../../src/optimize/optimize-model.ts';
import {
  encodeModel,
  graphAttribute,
  integer,
  mapType,
  node,
  optionalType,
  sequenceType,
  tensor,
  tensorType,
  value,
  zipMapModel,
} from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const float = (shape: (number | string)[]): Buffer => tensorType('float32', shape);
const x = value('x', float(['n', 2]));

/** `both` is x and -x, once put together in a branch of If; `maybe` is an optional, `y` is x. */
const sequenceModel = encodeModel({
  opsets: { '': 17 },
  nodes: [
    node('Identity', ['x'], ['y']),
    node('Neg', ['x'], ['minus']),
    node('SequenceConstruct', ['x', 'minus'], ['both']),
    node('SequenceLength', ['both'], ['length']),
    node(
      'If',
      ['yes'],
      ['counted'],
      graphAttribute('then_branch', ...branch('SequenceLength')),
      graphAttribute('else_branch', ...branch('SequenceLength')),
    ),
    node('Optional', ['x'], ['maybe']),
  ],
  initializers: [tensor('yes', 'bool', [], Uint8Array.of(1))],
  inputs: [x],
  outputs: [
    value('y', float(['n', 2])),
    value('both', sequenceType(float(['n', 2]))),
    value('counted', tensorType('int64', [])),
    value('maybe', optionalType(float(['n', 2]))),
  ],
});

function branch(operator: string): Buffer[] {
  const result = value('inner', tensorType('int64', []));
  return encodeGraph([node(operator, ['both'], ['inner'])], [result]);
}

/** The fields of a GraphProto. */
function encodeGraph(nodes: Buffer[], outputs: Buffer[]): Buffer[] {
  const field = (number: number, payload: Buffer): Buffer =>
    Buffer.concat([Buffer.from([number * 8 + 2, payload.byteLength]), payload]);
  return [...nodes.map((one) => field(1, one)), field(2, Buffer.from('b')), ...outputs.map((one) => field(12, one))];
}

/** y is x with 7 for what is missing. */
const imputer = encodeModel({
  nodes: [node('IsNaN', ['x'], ['gap']), node('Where', ['gap', 'seven', 'x'], ['y'])],
  initializers: [tensor('seven', 'float32', [], new Uint8Array(Float32Array.of(7).buffer))],
  inputs: [x],
  outputs: [value('y', float(['n', 2]))],
});

const folder = mkdtempSync(join(tmpdir(), 'coldgate-converted-'));
const store = new ModelStore();
const apps = new Map<string, TestApp>();
const heads = new Map<string, ModelHead>();

const write = (name: string, model: Uint8Array): string => {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, model);
  return path;
};

async function serve(name: string, model: Uint8Array, kind: 'off' | 'cold' | 'steady'): Promise<void> {
  const path = write(name, model);
  const head = await readModelHead(path);
  heads.set(name, head);
  const out = join(folder, `${name}-${kind}`);
  const made: OptimizeResult['artifacts'] = [];
  if (needsTensorForm(head)) {
    made.push(...(await optimizeModel({ do: 'optimize', kind: 'tensors', model: path, out })).artifacts);
  }
  if (kind !== 'off') {
    const from = made[0]?.source ?? path;
    made.push(...(await optimizeModel({ do: 'optimize', kind, model: from, out })).artifacts);
  }
  const artifacts = made.map(({ entry, source }) => ({ entry, bytes: readFileSync(source) }));
  const id = `${name}-${kind}`;
  store.promote(store.publish(id, '1.0.0', { model, inputs: head.inputs, outputs: head.outputs, artifacts }));
  apps.set(id, new TestApp(store.root, { MODEL_NAME: id }));
}

const kinds = ['off', 'cold', 'steady'] as const;

beforeAll(async () => {
  for (const kind of kinds) {
    await serve('classes', zipMapModel(), kind);
    await serve('sequence', sequenceModel, kind);
    await serve('gaps', imputer, kind);
  }
});
afterAll(async () => {
  for (const app of apps.values()) await app.close();
  store.remove();
  rmSync(folder, { recursive: true });
});

describe.each(kinds)('outputs that are no tensors, with `optimize: %s`', (kind) => {
  const infer = (name: string, inputs: unknown) =>
    apps.get(`${name}-${kind}`)!.ask('/v1/infer', { body: { inputs } as object });

  it('are the scores that ZipMap would make maps of', async () => {
    expect(heads.get('classes')?.outputs).toEqual([
      { name: 'label', dtype: 'int64', shape: ['n'] },
      { name: 'scores', dtype: 'float32', shape: ['', 3], labels: ['cat', 'dog', 'emu'] },
    ]);
    const { status, json } = await infer('classes', [
      [1, 2],
      [3, 0],
    ]);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      outputs: {
        label: [2, 2],
        scores: [
          [1, 2, 8],
          [3, 0, 6],
        ],
      },
    });
    const health = (await apps.get(`classes-${kind}`)!.ask('/v1/health?warm=true')).json;
    expect(health).toMatchObject({ model: { artifact: { kind: kind === 'off' ? 'tensors' : kind } } });
  });

  it('are the tensors of a sequence, as one; an optional is left out', async () => {
    expect(heads.get('sequence')?.leftOut).toMatchObject([{ output: 'maybe' }]);
    const { json } = await infer('sequence', [[1, 2]]);
    const { outputs } = json as { outputs: object };
    expect(outputs).toEqual({ y: [[1, 2]], both: [[[1, 2]], [[-1, -2]]], counted: 2 });
  });

  it('leave missing values to models that know them, as null', async () => {
    expect((await infer('gaps', [[null, 2]])).json).toMatchObject({ outputs: { y: [[7, 2]] } });
    expect((await infer('gaps', { x: { shape: [1, 2], data: [1, null] } })).json).toMatchObject({
      outputs: { y: { data: [1, 7] } },
    });
    expect((await infer('classes', [[null, 2]])).status).toBe(400);
    const document = (await apps.get(`gaps-${kind}`)!.ask('/v1/openapi.json')).json as object;
    const takes = new Ajv2020({ strict: false })
      .addSchema(document, 'api')
      .compile({ $ref: 'api#/components/schemas/InferRequest' });
    expect([{ inputs: [[null, 1]] }, { inputs: [['x', 1]] }].map((body) => takes(body))).toEqual([true, false]);
  });
});

describe('a model with outputs that are no tensors', () => {
  it('answers its golden sample and a made-up request when it is checked', async () => {
    const model = write('checked', zipMapModel([3, 5, 8]));
    expect(await checkModel({ do: 'check', model })).toMatchObject({ loaded: true, probe: { fill: 1 } });
    const sample = join(folder, 'checked.json');
    writeFileSync(sample, JSON.stringify({ inputs: { x: [[1, 2]] }, outputs: { scores: [[1, 2, 8]], label: [2] } }));
    expect(await checkModel({ do: 'check', model, sample })).toMatchObject({ sample: 'ok', warnings: [] });
    const { outputs } = await readModelHead(model);
    expect(outputs[1]?.labels).toEqual([3, 5, 8]);
  });

  it('is refused where no output could be answered, and left whole where weights lie beside it', async () => {
    const optional = encodeModel({
      opsets: { '': 17 },
      nodes: [node('Optional', ['x'], ['maybe'])],
      inputs: [x],
      outputs: [value('maybe', optionalType(float(['n', 2])))],
    });
    await expect(readModelHead(write('optional', optional))).rejects.toMatchObject({ code: 'model-unsupported' });
    const maps = encodeModel({
      nodes: [node('Identity', ['x'], ['y'])],
      inputs: [x],
      outputs: [value('y', float(['n', 2])), value('z', sequenceType(mapType('int64')))],
    });
    const { outputs, leftOut } = await readModelHead(write('maps', maps));
    expect(outputs.map((info: TensorInfo) => info.name)).toEqual(['y']);
    expect(leftOut).toMatchObject([{ output: 'z', hint: expect.stringContaining('zipmap=False') }]);
  });

  it('says of a sequence whose tensors differ in shape that they are not one', async () => {
    const model = encodeModel({
      opsets: { '': 17 },
      nodes: [node('Concat', ['x', 'x'], ['y'], integer('axis', 0)), node('SequenceConstruct', ['x', 'y'], ['s'])],
      inputs: [x],
      outputs: [value('y', float(['m', 2])), value('s', sequenceType(float(['n', 2])))],
    });
    const { refusal } = await checkModel({ do: 'check', model: write('uneven', model) });
    expect(refusal).toMatch(/^The tensors of its sequence "s" have different shapes/);
  });
});
