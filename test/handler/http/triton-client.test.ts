import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Dtype } from '../../../src/model/tensor-info.ts';
import { describePart } from '../../emulators/servers.ts';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { bringPart } from '../bring-part.ts';
import { FunctionProcess } from '../function-process.ts';
import { type AdapterBed, openAdapterBed } from '../platforms/adapter-bed.ts';
import { tritonclient, tritonPython } from './tritonclient.ts';

const dtypes = [
  ...(['float32', 'float64', 'float16', 'bool', 'string'] as const),
  ...(['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64'] as const),
];
const identity = (dtype: Dtype): Buffer =>
  encodeModel({
    nodes: [node('Identity', ['x'], ['y'])],
    inputs: [value('x', tensorType(dtype, ['n']))],
    outputs: [value('y', tensorType(dtype, ['n']))],
  });

describePart('tritonclient', await bringPart(tritonclient), 'the real tritonclient', () => {
  let bed: AdapterBed;
  let one: FunctionProcess;
  let output: Record<string, unknown>;
  beforeAll(async () => {
    bed = await openAdapterBed();
    for (const dtype of dtypes) bed.store.promote(bed.store.publish(dtype, '1.0.0', { model: identity(dtype) }));
    one = new FunctionProcess(bed.bundle, { ...bed.variables, COLDGATE_MODELS: dtypes.join(',') });
    const { port } = await one.listening();
    const script = join(import.meta.dirname, '../../fixtures/triton-client.py');
    const run = spawnSync(tritonPython(), [script, `127.0.0.1:${port}`], { encoding: 'utf8', timeout: 60_000 });
    if (run.status !== 0) throw new Error(run.stderr || run.stdout);
    output = JSON.parse(run.stdout) as Record<string, unknown>;
  });
  afterAll(async () => {
    await one?.stop();
    bed?.remove();
  });

  it('finds the function live and ready, and each model and version', () => {
    expect(output).toMatchObject({ live: true, ready: true, modelReady: true, versionReady: true });
    expect(output).toMatchObject({ otherVersionReady: false, otherReady: false });
  });

  it('reads what is served', () => {
    expect(output['server']).toMatchObject({
      name: 'coldgate',
      extensions: expect.arrayContaining(['binary_tensor_data']),
    });
    expect(output['model']).toEqual({
      name: 'tiny',
      versions: ['1.0.0'],
      platform: 'onnxruntime_onnx',
      inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }],
      outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    });
  });

  it('reads the index, and is told in text what is not offered', () => {
    expect(output['index']).toContainEqual({ name: 'tiny', version: '1.0.0', state: 'READY', reason: '' });
    expect(output).toMatchObject({ refusedLoad: { status: '404' }, refusedTrace: { status: '404' } });
    for (const name of ['refusedConfig', 'refusedStatistics']) {
      expect(output[name]).toMatchObject({ status: '404', message: expect.stringContaining('extensions of Triton') });
    }
  });

  it('infers, as it does when nothing is said and when all is', () => {
    expect(output['byDefault']).toEqual([[5.5, 1]]);
    expect(output['values']).toEqual([[5.5, 1]]);
    expect(output['answer']).toMatchObject({ model_name: 'tiny', model_version: '1.0.0', id: 'call-1' });
  });

  it('gets every dtype back, JSON and bytes either way', () => {
    const all = [true, true, true, true];
    const names = dtypes.filter((dtype) => dtype !== 'float16');
    expect(output['kept']).toEqual(Object.fromEntries(names.map((name) => [name, all])));
    expect(output['keptHalf']).toBe(true);
  });

  it('tells its caller in our words what was wrong', () => {
    expect(output['refusedShape']).toMatchObject({ status: '400', message: expect.stringContaining('[batch, 2]') });
    expect(output['refusedType']).toMatchObject({ status: '400', message: expect.stringContaining('FP32') });
    expect(output['refusedModel']).toMatchObject({ status: '404', message: expect.stringContaining('serves') });
  });

  it('sends and takes packed tensors', () => {
    expect(output['packed']).toEqual([true, true, true, true]);
  });
});
