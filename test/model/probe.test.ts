import { describe, expect, it } from 'vitest';
import { isProbe, type Probe, probeBytes, probeRequest, probesFor, probeTensors } from '../../src/model/probe.ts';
import type { Dtype, TensorInfo } from '../../src/model/tensor-info.ts';
import { parseTensor } from '../../src/model/tensor-json.ts';

const info = (name: string, dtype: Dtype, shape: TensorInfo['shape']): TensorInfo => ({ name, dtype, shape });
const dtypes: Dtype[] = [
  'float32',
  'float64',
  'float16',
  'int8',
  'int32',
  'int64',
  'uint8',
  'uint64',
  'bool',
  'string',
];

describe('made-up requests', () => {
  it('have the declared sizes, and one size for dimensions of one name', () => {
    const inputs = [info('ids', 'int64', ['batch', 'sequence']), info('mask', 'int64', ['batch', 'sequence'])];
    for (const { inputs: made } of probesFor(inputs)) expect(made[0]?.shape).toEqual(made[1]?.shape);
    const [fixed] = probesFor([info('x', 'float32', [1, 8, 4, 4])]);
    expect(fixed).toEqual({ inputs: [{ name: 'x', dtype: 'float32', shape: [1, 8, 4, 4] }], fill: 1 });
  });

  it.each(dtypes)('are the same tensors as JSON and for the runtime: %s', (dtype) => {
    const inputs = [info('x', dtype, ['n', 3])];
    for (const probe of [...probesFor(inputs)].slice(0, 4)) {
      const { x } = probeRequest(probe).inputs;
      expect(parseTensor(x, inputs[0] as TensorInfo)).toEqual(probeTensors(probe).get('x'));
      expect(isProbe(JSON.parse(JSON.stringify(probe)))).toBe(true);
      const length = JSON.stringify(probeRequest(probe)).length;
      expect(Math.abs(probeBytes(probe) - length)).toBeLessThan(100);
    }
  });

  it('are not made up beyond what a machine can hold', () => {
    expect([...probesFor([info('x', 'float32', [1, 100_000, 100_000])])]).toEqual([]);
    for (const probe of probesFor([info('x', 'float32', ['a', 'b', 'c', 'd'])])) expect(isProbe(probe)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['nothing', null],
    ['another fill', { inputs: [], fill: 2 }],
    ['inputs that are none', { inputs: [null], fill: 1 }],
    ['a negative size', { inputs: [{ name: 'x', dtype: 'float32', shape: [-1] }], fill: 1 }],
    ['more than a machine holds', { inputs: [{ name: 'x', dtype: 'float32', shape: [1e6, 1e6] }], fill: 1 }],
  ])('are not read from a manifest that has %s', (_name, value) => {
    expect(isProbe(value as Probe)).toBe(false);
  });
});
