import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openSession } from '../../src/handler/session/open-session.ts';
import type { Tensors } from '../../src/handler/session/session.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { writeColdForm } from '../../src/optimize/cold-form.ts';
import type { OptimizeJob } from '../../src/optimize/jobs.ts';
import { optimizeModel } from '../../src/optimize/optimize-model.ts';
import { measureParity } from '../../src/optimize/parity.ts';
import { demandSameSignature } from '../../src/optimize/same-signature.ts';
import { encodeModel, graphAttribute, type ModelParts, node, tensor, tensorType, value } from '../fixtures/onnx.ts';
import { bytes, text } from '../fixtures/protobuf.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-signature-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let files = 0;
const file = (model: Uint8Array): string => {
  const path = join(root, `${files++}.onnx`);
  writeFileSync(path, model);
  return path;
};
const optimize = (kind: OptimizeJob['kind'], model: string) =>
  optimizeModel({ do: 'optimize', kind, model, out: mkdtempSync(join(root, 'out-')) });

const int64s = (...numbers: number[]): Uint8Array => new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
const floats = (...numbers: number[]): Uint8Array => new Uint8Array(Float32Array.from(numbers).buffer);
const input = (name: string, dtype: 'float32' | 'int64' | 'bool', shape: (number | string)[]): Buffer =>
  value(name, tensorType(dtype, shape));

const x = input('x', 'float32', ['n', 4]);
const y = input('y', 'float32', ['n', 4]);
const shape = (name: string): Buffer => tensor(name, 'int64', [2], int64s(-1, 4));

/** Three equal shapes, which the runtime makes one of: listed as inputs, as every initializer was until IR version 3. */
const reshapes = (parts: ModelParts = {}): Buffer =>
  encodeModel({
    ir: 3,
    nodes: [
      node('Sin', ['x'], ['h0']),
      node('Reshape', ['h0', 's0'], ['h1']),
      node('Sin', ['h1'], ['h2']),
      node('Reshape', ['h2', 's1'], ['h3']),
      node('Sin', ['h3'], ['h4']),
      node('Reshape', ['h4', 's2'], ['y']),
    ],
    initializers: ['s0', 's1', 's2'].map(shape),
    inputs: [...['s0', 's1', 's2'].map((name) => input(name, 'int64', [2])), x],
    outputs: [y],
    ...parts,
  });

/** A branch of If that has an initializer among its inputs, and uses one of the outer graph. */
const branch = (name: string, bias: number): Buffer =>
  graphAttribute(
    name,
    bytes(1, node('Add', ['h', 'b'], [`${name}_sum`])),
    bytes(1, node('Mul', [`${name}_sum`, 'w'], [`${name}_out`])),
    text(2, name),
    bytes(5, tensor('b', 'float32', [1], floats(bias))),
    bytes(11, input('b', 'float32', [1])),
    bytes(12, input(`${name}_out`, 'float32', ['n', 4])),
  );
const branches = (): Buffer =>
  encodeModel({
    ir: 3,
    nodes: [
      node('Mul', ['x', 'w'], ['h']),
      node('ReduceSum', ['x'], ['sum']),
      node('Cast', ['sum'], ['c4'], bytes(5, Buffer.concat([text(1, 'to'), Buffer.from([0x18, 9, 0xa0, 1, 2])]))),
      node('Reshape', ['c4', 'one'], ['c']),
      node('If', ['c'], ['y'], branch('then_branch', 1), branch('else_branch', 2)),
    ],
    initializers: [tensor('w', 'float32', [1], floats(3)), tensor('one', 'int64', [1], int64s(1))],
    inputs: [x, input('w', 'float32', [1]), input('one', 'int64', [1])],
    outputs: [y],
    opsets: { '': 11 },
  });

const feeds = (): Tensors => new Map([['x', { dtype: 'float32', shape: [1, 4], data: Float32Array.of(1, 2, 3, 4) }]]);

describe.each(['cold', 'steady'] as const)('the %s form', (kind) => {
  it.each([
    ['equal initializers', reshapes()],
    ['initializers of subgraphs', branches()],
  ])('of a model of IR version 3 takes the inputs of the original: %s', async (_name, model) => {
    const path = file(model);
    const { artifacts } = await optimize(kind, path);
    const main = artifacts[0]!.source;
    const session = await openSession({ path: main, form: kind }, 1);
    const original = await openSession({ path, form: 'original' }, 1);
    expect(session.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(await session.run(feeds())).toEqual(await original.run(feeds()));
    await session.close();
    await original.close();
    const left = readdirSync(dirname(main)).filter((name) => name.startsWith('.'));
    expect(left).toEqual([]);
  });

  it('keeps optional inputs of IR version 4 and later optional', async () => {
    const { artifacts } = await optimize(kind, file(reshapes({ ir: 8, opsets: { '': 13 } })));
    expect(artifacts.length).toBeGreaterThan(0);
    if (kind === 'steady') {
      const { inputs } = await readModelHead(artifacts[0]!.source);
      expect(inputs.map(({ name, optional }) => [name, optional])).toEqual([
        ['x', undefined],
        ['s0', true],
        ['s1', true],
        ['s2', true],
      ]);
    }
  });
});

describe('a form with other inputs or outputs than its original', () => {
  it('is what the runtime makes of initializers among the inputs, and is refused', async () => {
    const model = file(reshapes());
    const { files: made } = await writeColdForm({ model, out: root });
    const failed = measureParity(model, { path: made[0]!, form: 'cold' }, undefined);
    await expect(failed).rejects.toMatchObject({ code: 'parity', message: expect.stringContaining('other inputs') });
  });

  const info = { name: 'x', dtype: 'float32' as const, shape: [1, 'n'] };
  it.each([
    ['an input more', [info, { ...info, name: 'w' }], [info]],
    ['an input less', [], [info]],
    ['another name', [{ ...info, name: 'z' }], [info]],
    ['another type', [{ ...info, dtype: 'float16' as const }], [info]],
    ['another number of dimensions', [{ ...info, shape: [1] }], [info]],
    ['an input that was optional', [{ ...info, optional: true as const }], [info]],
    ['another output', [info], [{ ...info, name: 'z' }]],
  ])('is refused: %s', (_name, inputs, outputs) => {
    const original = { inputs: [info], outputs: [info] };
    expect(() => demandSameSignature(original, { inputs, outputs })).toThrow('The optimised model has other');
  });

  it('is none for names of dimensions, sizes of outputs, and ranks that only the runtime knows', () => {
    const original = { inputs: [info], outputs: [{ ...info, shape: null }, info] };
    const outputs = [info, { ...info, shape: ['', 3] }];
    demandSameSignature(original, { inputs: [{ ...info, shape: [1, 'm'] }], outputs });
    const other = { ...original, inputs: [{ ...info, shape: [2, 'n'] }] };
    expect(() => demandSameSignature(original, other)).toThrow('The optimised model has other inputs');
  });
});

describe('parity of tiny numbers', () => {
  const scaled = (factor: number, offset: number): string =>
    file(
      encodeModel({
        nodes: [node('Mul', ['x', 'w'], ['h']), node('Add', ['h', 'b'], ['y'])],
        initializers: [tensor('w', 'float32', [1], floats(factor)), tensor('b', 'float32', [1], floats(offset))],
        inputs: [x],
        outputs: [y],
      }),
    );
  const form = (path: string) => ({ path, form: 'original' as const });
  const sample = (tolerance?: object) => ({ inputs: { x: [[1, 2, 3, 4]] }, tolerance });

  it('is one where they differ by less than a sample may', async () => {
    const [original, other] = [scaled(1e-7, 0), scaled(2e-7, 0)];
    const parity = await measureParity(original, form(other), undefined);
    expect(parity.maxAbsolute).toBeGreaterThan(1e-8);
    expect(await measureParity(original, form(other), sample())).toMatchObject({ compared: 4 });
  });

  it('is none where the golden sample asks for more', async () => {
    const [original, other] = [scaled(1e-7, 0), scaled(2e-7, 0)];
    const strict = measureParity(original, form(other), sample({ absolute: 1e-9 }));
    await expect(strict).rejects.toMatchObject({ code: 'parity', data: { sample: true } });
    const exact = measureParity(original, form(other), sample({ absolute: 0, relative: 10 }));
    await expect(exact).rejects.toMatchObject({ code: 'parity', data: { tolerance: 1e-4 } });
  });

  it('is not held to what the original itself loses of its inputs, and to all else', async () => {
    const wide = ['x', 'y'].map((name) => input(name, 'float32', [1, 256]));
    const model = (nodes: Uint8Array[], weights: number[]): string =>
      file(
        encodeModel({
          nodes,
          initializers: weights.map((weight, at) => tensor(`w${at}`, 'float32', [1], floats(weight))),
          inputs: [wide[0]!],
          outputs: [wide[1]!],
        }),
      );
    // x * 10007 - x * 10006 has lost some ten bits of x, but not of 0.5.
    const products = [node('Mul', ['x', 'w0'], ['h']), node('Mul', ['x', 'w1'], ['i'])];
    const lossy = model([...products, node('Sub', ['h', 'i'], ['y'])], [10007, 10006]);
    const times = (factor: number) => form(model([node('Mul', ['x', 'w0'], ['y'])], [factor]));
    expect(await measureParity(lossy, times(1), undefined)).toMatchObject({ compared: 1, maxAbsolute: 0 });
    await expect(measureParity(lossy, times(1.5), undefined)).rejects.toMatchObject({ code: 'parity' });
  });

  it('is none for numbers of a size that matters', async () => {
    await expect(measureParity(scaled(1, 0), form(scaled(1, 1e-3)), undefined)).rejects.toMatchObject({
      code: 'parity',
    });
  });

  it('is none where the form misses what the golden sample promises and the original answers', async () => {
    const promised = { ...sample({ relative: 0, absolute: 6e-4 }), outputs: { y: [[1.0005, 2.0005, 3.0005, 4.0005]] } };
    const failed = measureParity(scaled(1, 0), form(scaled(1, -3e-4)), promised);
    await expect(failed).rejects.toMatchObject({ data: { sample: true } });
  });
});

describe('shapes in the cold form', () => {
  const shapesOf = async (model: Uint8Array): Promise<unknown> => {
    const { artifacts } = await optimize('cold', file(model));
    const open = (more: object) => openSession({ path: artifacts[0]!.source, form: 'cold', ...more }, 1);
    const declared = [{ name: 'x', dtype: 'float32', shape: ['n', 4] }];
    const sessions = [await open({}), await open({ inputs: declared })];
    const found = sessions.map(({ inputs, outputs }) => [inputs, outputs].flat().map(({ shape }) => shape));
    for (const session of sessions) await session.close();
    return found;
  };

  it('are taken out, all but those of outputs, and inputs have what the version declares', async () => {
    expect(await shapesOf(reshapes())).toEqual([
      [[], ['n', 4]],
      [
        ['n', 4],
        ['n', 4],
      ],
    ]);
  });

  it('stay where nodes have subgraphs', async () => {
    const whole = ['n', 4];
    expect(await shapesOf(branches())).toEqual([
      [whole, whole],
      [whole, whole],
    ]);
  });
});
