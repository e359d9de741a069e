import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { proveSample } from '../../../src/handler/model/golden-sample.ts';
import { openSession } from '../../../src/handler/session/open-session.ts';
import type { Tensors } from '../../../src/handler/session/session.ts';
import { writeOutputs } from '../../../src/handler/tensors/tensors-out.ts';
import { compareSample } from '../../../src/model/sample-compare.ts';
import type { DeclaredShape, Dtype } from '../../../src/model/tensor-info.ts';
import type { TensorData } from '../../../src/model/tensor-json.ts';
import { encodeModel, node, tensor, tensorType, value } from '../../fixtures/onnx.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-answers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Any bits, so that not-a-number, the infinities and the smallest and largest numbers are among them. */
const arrays: Partial<Record<Dtype, new (buffer: ArrayBuffer) => TensorData & { BYTES_PER_ELEMENT: number }>> = {
  float16: Uint16Array,
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
};
const dtypes = [...Object.keys(arrays), 'bool', 'string'] as Dtype[];

const text = fc.string({ unit: 'binary' }).filter((one) => one.isWellFormed() && !one.includes('\0'));

function elements(dtype: Dtype, count: number): fc.Arbitrary<TensorData> {
  const exactly = { minLength: count, maxLength: count };
  if (dtype === 'string') return fc.array(text, exactly);
  if (dtype === 'bool') return fc.array(fc.nat(1), exactly).map((list) => Uint8Array.from(list));
  const Elements = arrays[dtype]!;
  const width = new Elements(new ArrayBuffer(0)).BYTES_PER_ELEMENT;
  const size = count * width;
  const byte = fc.oneof(fc.nat(255), fc.constantFrom(0, 0x7f, 0x80, 0xff));
  return fc.array(byte, { minLength: size, maxLength: size }).map((list) => new Elements(Uint8Array.from(list).buffer));
}

const shapes = fc.array(fc.oneof({ arbitrary: fc.integer({ min: 1, max: 3 }), weight: 4 }, fc.constant(0)), {
  maxLength: 4,
});
const tensors = (dtype: Dtype): fc.Arbitrary<{ shape: number[]; data: TensorData }> =>
  shapes.chain((shape) => {
    const count = shape.reduce((product, size) => product * size, 1);
    return elements(dtype, count).map((data) => ({ shape, data }));
  });

/** y = x, of whatever shape. */
async function openIdentity(dtype: Dtype) {
  const path = join(root, `${dtype}.onnx`);
  const io = (name: string) => [value(name, tensorType(dtype, null))];
  writeFileSync(path, encodeModel({ nodes: [node('Identity', ['x'], ['y'])], inputs: io('x'), outputs: io('y') }));
  return openSession({ path, form: 'original' }, 1);
}

describe("a function's own answer", () => {
  it.each(dtypes)('is a golden sample that passes: %s', async (dtype) => {
    const session = await openIdentity(dtype);
    // What the output declares, which may be wrong, is no matter.
    const declared: (DeclaredShape | null)[] = [null, [], [1, 2], ['n', 'n']];
    await fc.assert(
      fc.asyncProperty(tensors(dtype), fc.constantFrom(...declared), async ({ shape, data }, output) => {
        const signature = {
          inputs: [{ name: 'x', dtype, shape: null }],
          outputs: [{ name: 'y', dtype, shape: output }],
        };
        const feeds: Tensors = new Map([['x', { dtype, shape, data }]]);
        const outputs = await session.run(feeds);
        for (const form of ['nested', 'flat'] as const) {
          const written = { inputs: writeOutputs(feeds, form), outputs: writeOutputs(outputs, form) };
          const sample = JSON.parse(JSON.stringify(written));
          const proven = await proveSample(signature, sample, 1, (again) => session.run(again));
          expect([sample, proven]).toEqual([sample, { status: 'ok' }]);
          // As a deployment's proof compares it, which knows no types.
          const answer = JSON.parse(JSON.stringify(writeOutputs(outputs, 'nested')));
          expect(compareSample(sample, answer)).toBeUndefined();
        }
      }),
      { numRuns: 60 },
    );
    await session.close();
  });

  it('is one with text that cannot be given: what a model holds may have U+0000 in it', async () => {
    const path = join(root, 'label.onnx');
    // StringStringEntryProto's like: string_data is field 6 of TensorProto.
    const label = tensor('label', 'string', [1], new Uint8Array()).subarray(0, -2);
    const inputs = [value('x', tensorType('float32', ['n']))];
    const outputs = [value('y', tensorType('string', [1])), value('z', tensorType('float32', ['n']))];
    const initializers = [Buffer.concat([label, Buffer.from([0x32, 3, 0x61, 0, 0x62])])];
    const nodes = [node('Identity', ['label'], ['y']), node('Identity', ['x'], ['z'])];
    writeFileSync(path, encodeModel({ nodes, initializers, inputs, outputs }));
    const session = await openSession({ path, form: 'original' }, 1);
    const x = { dtype: 'float32' as const, shape: [1], data: Float32Array.of(1) };
    const answered = writeOutputs(await session.run(new Map([['x', x]])), 'nested');
    const sample = JSON.parse(JSON.stringify({ inputs: { x: [1] }, outputs: answered }));
    expect(await proveSample(session, sample, 1, (feeds) => session.run(feeds))).toEqual({ status: 'ok' });
    await session.close();
  });
});
