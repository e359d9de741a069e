import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, describe, expect, it } from 'vitest';
import type { Sample } from '../../src/model/sample.ts';
import { formatTensor } from '../../src/model/tensor-format.ts';
import type { TensorInfo } from '../../src/model/tensor-info.ts';
import { parseTensor, type TensorData } from '../../src/model/tensor-json.ts';
import { readSample } from '../../src/onnx/golden.ts';
import { newestIr, newestOpset, readModelHead } from '../../src/onnx/read-head.ts';
import {
  encodeModel,
  node,
  tensor,
  tensorType,
  tinyModel,
  tinySample,
  tokenModel,
  value,
  writeDenseModel,
} from '../fixtures/onnx.ts';

process.env.ORT_DISABLE_TELEMETRY = '1';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-ort-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'model.onnx');

const io = (shape: (number | string)[], dtype: TensorInfo['dtype'] = 'float32') => ({
  inputs: [value('x', tensorType(dtype, shape))],
  outputs: [value('y', tensorType(dtype, shape))],
});
const model = (parts: Parameters<typeof encodeModel>[0] = {}) =>
  encodeModel({ ...io(['', 2]), nodes: [node('Identity', ['x'], ['y'])], ...parts });
const weights = new Uint8Array(new Float32Array([1, 2]).buffer);
const identities = ['float64', 'float16', 'int8', 'int32', 'int64', 'uint8', 'uint64', 'bool', 'string'] as const;

const metadata = (list: readonly InferenceSession.ValueMetadata[]) =>
  list.map((info) => (info.isTensor ? { name: info.name, dtype: info.type, shape: info.shape } : info));

describe('the head that we read and the session of ONNX Runtime', () => {
  it.each<[string, () => void]>([
    ['the tiny model', () => writeFileSync(path, tinyModel())],
    ['two int64 inputs with symbolic dimensions', () => writeFileSync(path, tokenModel())],
    ['a model of some megabytes', () => writeDenseModel(path, { layers: 2, width: 512 })],
    ['many nodes without weights', () => writeDenseModel(path, { layers: 1, width: 8, extraNodes: 100 })],
    ['rank 0', () => writeFileSync(path, model(io([])))],
    ['a dimension of -1', () => writeFileSync(path, model(io([-1, 2])))],
    [
      'an initializer among the inputs',
      () => {
        const inputs = [value('w', tensorType('float32', [2])), ...io(['', 2]).inputs];
        const initializers = [tensor('w', 'float32', [2], weights)];
        writeFileSync(path, model({ inputs, initializers, nodes: [node('Add', ['x', 'w'], ['y'])] }));
      },
    ],
    ...identities.map((dtype): [string, () => void] => [dtype, () => writeFileSync(path, model(io(['n', 2], dtype)))]),
  ])('agree on %s', async (_name, write) => {
    write();
    const [head, session] = [await readModelHead(path), await InferenceSession.create(path)];
    // The runtime does not show inputs that have a default.
    expect(metadata(session.inputMetadata)).toEqual(head.inputs.filter(({ optional }) => !optional));
    expect(metadata(session.outputMetadata)).toEqual(head.outputs);
    await session.release();
  });

  it('agree on the newest opset and IR version', async () => {
    const loads = (parts: Parameters<typeof encodeModel>[0]) =>
      InferenceSession.create(model(parts)).then(
        () => true,
        () => false,
      );
    expect([await loads({ ir: newestIr }), await loads({ ir: newestIr + 1 })]).toEqual([true, false]);
    const opsets = [await loads({ opsets: { '': newestOpset } }), await loads({ opsets: { '': newestOpset + 1 } })];
    expect(opsets).toEqual([true, false]);
  });

  it('agree that bfloat16 cannot be exchanged', async () => {
    writeFileSync(path, model(io(['n'], 'bfloat16')));
    await expect(InferenceSession.create(path)).rejects.toThrow();
    await expect(readModelHead(path)).rejects.toMatchObject({ code: 'model-unsupported' });
  });
});

describe('tensors from JSON in ONNX Runtime', () => {
  const run = async (inputs: Record<string, unknown>) => {
    const head = await readModelHead(path);
    const session = await InferenceSession.create(path);
    const feeds = Object.fromEntries(
      head.inputs.map((info) => {
        const { dtype, data, shape } = parseTensor(inputs[info.name], info);
        const fed = new Tensor(dtype as 'float32', data as Float32Array, shape);
        // The binding counts 0 bytes of the Float16Array that Tensor makes of the bits: microsoft/onnxruntime#32323.
        if (dtype === 'float16') Object.defineProperty(fed, 'data', { value: data });
        return [info.name, fed];
      }),
    );
    const { y } = await session.run(feeds);
    await session.release();
    return formatTensor(head.outputs[0]!.dtype, y!.dims, y!.data as TensorData);
  };

  it('give what the golden sample of the tiny model says', async () => {
    writeFileSync(path, tinyModel());
    writeFileSync(join(folder, 'sample.json'), JSON.stringify(tinySample));
    const sample = (await readSample(join(folder, 'sample.json'), await readModelHead(path))) as Sample;
    expect(await run(sample.inputs)).toEqual(sample.outputs?.['y']);
  });

  it('give rows of the table for int64 inputs', async () => {
    writeFileSync(path, tokenModel());
    expect(await run({ ids: [[0, 1]], offset: [['1', 0]] })).toEqual([
      [
        [1, 1.25, 1.5, 1.75],
        [1, 1.25, 1.5, 1.75],
      ],
    ]);
  });

  it.each([
    ['float16', [[1.5, -65504]]],
    ['float64', [['NaN', '-Infinity']]],
    ['int64', [['9007199254740993', -5]]],
    ['uint64', [['18446744073709551615', 0]]],
    ['bool', [[true, false]]],
    ['string', [['grüße', '']]],
    ['int8', [[-128, 127]]],
  ] as const)('come back unchanged as %s', async (dtype, rows) => {
    writeFileSync(path, model(io(['n', 2], dtype)));
    expect(await run({ x: rows })).toEqual(rows);
  });
});
