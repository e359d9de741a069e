import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ColdgateError, IntegrityError } from '../../src/errors.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { countingModel } from '../fixtures/counting-model.ts';
import {
  encodeModel,
  type ModelParts,
  node,
  seededRandom,
  tensor,
  tensorType,
  tinyModel,
  tokenModel,
  value,
  writeDenseModel,
} from '../fixtures/onnx.ts';
import { bytes, int, message, tag, text, varint } from '../fixtures/protobuf.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'model.onnx');

const head = (content: Uint8Array) => {
  writeFileSync(path, content);
  return readModelHead(path, 'model.onnx');
};
const x = value('x', tensorType('float32', ['n', 2]));
const y = value('y', tensorType('float32', ['n', 2]));
const relu = (parts: ModelParts = {}) =>
  encodeModel({ nodes: [node('Relu', ['x'], ['y'])], inputs: [x], outputs: [y], ...parts });
const code = async (content: Uint8Array): Promise<string | undefined> => {
  try {
    await head(content);
    return undefined;
  } catch (error) {
    if (error instanceof IntegrityError) return error.code;
    throw error;
  }
};

describe('readModelHead', () => {
  it('reads names, types, shapes, opset, IR version and producer', async () => {
    expect(await head(tinyModel())).toEqual({
      inputs: [{ name: 'x', dtype: 'float32', shape: ['batch', 2] }],
      outputs: [{ name: 'y', dtype: 'float32', shape: ['batch', 2] }],
      opset: 13,
      irVersion: 8,
      producer: 'coldgate test',
      conversions: [],
      leftOut: [],
      externalData: [],
      customDomains: [],
      nodeDomains: [],
      operators: ['Gemm', 'Relu'],
      unbounded: false,
    });
  });

  it('tells whether a run may have no end', async () => {
    expect(await head(countingModel())).toMatchObject({ operators: ['Add', 'Identity', 'Loop'], unbounded: true });
  });

  it('keeps symbolic dimensions by name and unnamed ones empty', async () => {
    const shape = ['batch', '', 3, 0];
    const found = await head(relu({ inputs: [value('x', tensorType('int64', shape))] }));
    expect(found.inputs).toEqual([{ name: 'x', dtype: 'int64', shape }]);
    expect((await head(tokenModel())).inputs.map((i) => i.name)).toEqual(['ids', 'offset']);
  });

  it('has graph inputs with an initializer, dense or sparse, for optional ones, and in IR version 3 for none', async () => {
    const w = value('w', tensorType('float32', [2]));
    const s = value('s', tensorType('float32', [2]));
    const dense = tensor('w', 'float32', [2], new Uint8Array(8));
    const sparse = message(15, bytes(1, tensor('s', 'float32', [1], new Uint8Array(4))), int(3, 2));
    const found = await head(relu({ inputs: [x, w, s], initializers: [dense], graph: [sparse] }));
    expect(found.inputs.map((i) => [i.name, i.optional])).toEqual([
      ['x', undefined],
      ['w', true],
      ['s', true],
    ]);
    const old = await head(relu({ inputs: [w, x, s], initializers: [dense], graph: [sparse], ir: 3 }));
    expect(old.inputs.map((i) => i.name)).toEqual(['x']);
  });

  it('leaves an optional input of a type that cannot be exchanged to its default', async () => {
    const w = value('w', tensorType('bfloat16', [2]));
    const initializers = [tensor('w', 'bfloat16', [2], new Uint8Array(4))];
    expect((await head(relu({ inputs: [w, x], initializers }))).inputs.map((i) => i.name)).toEqual(['x']);
  });

  it('tells a shape that is not declared from one without dimensions', async () => {
    const found = await head(
      relu({ inputs: [value('x', message(1, int(1, 1)))], outputs: [value('y', tensorType(1, []))] }),
    );
    expect([found.inputs[0]?.shape, found.outputs[0]?.shape]).toEqual([null, []]);
  });

  it('reads a rank-0 input', async () => {
    const found = await head(relu({ inputs: [value('x', tensorType('int64', []))] }));
    expect(found.inputs[0]?.shape).toEqual([]);
  });

  it('reads a -1 as an unnamed dynamic dimension, as the runtime does', async () => {
    const found = await head(relu({ inputs: [value('x', tensorType('float32', [-1, 2]))] }));
    expect(found.inputs[0]?.shape).toEqual(['', 2]);
  });

  it('finds external data in initializers, node attributes and subgraphs', async () => {
    const outside = (name: string, file: string) =>
      Buffer.concat([int(1, 2), int(2, 1), text(8, name), message(13, text(1, 'location'), text(2, file)), int(14, 1)]);
    const inner = Buffer.concat([bytes(5, outside('a', 'inner.bin')), bytes(11, value('q', tensorType(1, [])))]);
    const loop = node('Loop', [], ['l'], message(5, text(1, 'body'), bytes(6, inner)));
    const constant = node('Constant', [], ['c'], message(5, text(1, 'value'), bytes(5, outside('', 'constant.bin'))));
    const nodes = [node('Relu', ['x'], ['y']), loop, constant];
    const found = await head(relu({ nodes, initializers: [outside('w', 'weights.bin'), outside('v', 'weights.bin')] }));
    const stated = found.externalData.map(({ name, stated }) => [name, stated.get('location')]);
    expect(stated.sort()).toEqual([
      ['', 'constant.bin'],
      ['a', 'inner.bin'],
      ['v', 'weights.bin'],
      ['w', 'weights.bin'],
    ]);
    expect(found.inputs.map((i) => i.name)).toEqual(['x']);
  });

  it('lists custom domains without built-in ones and those of the model’s own functions', async () => {
    const nodes = [node('Relu', ['x'], ['y']), node('Conv', ['x'], ['z'], text(7, 'com.microsoft.nchwc'))];
    const opsets = { '': 20, 'ai.onnx.ml': 3, 'com.microsoft': 1, acme: 1, mine: 1 };
    const found = await head(relu({ opsets, nodes, model: [message(25, text(1, 'f'), text(10, 'mine'))] }));
    expect(found.customDomains).toEqual(['acme']);
    expect(found.nodeDomains).toEqual(['com.microsoft.nchwc']);
  });

  it('takes the fields in any order, unknown ones too', async () => {
    const graph = message(7, bytes(12, y), bytes(11, x), bytes(1, node('Relu', ['x'], ['y'])));
    const later = [int(99, 5), message(100, int(1, 1)), message(8, int(2, 17)), int(1, 9)];
    const found = await head(Buffer.concat([graph, ...later]));
    expect([found.opset, found.irVersion, found.producer]).toEqual([17, 9, '']);
  });

  it('takes opset 0 to mean that ai.onnx is not imported', async () => {
    expect((await head(relu({ opsets: { 'ai.onnx.ml': 3 } }))).opset).toBe(0);
    expect((await head(relu({ opsets: { 'ai.onnx': 26 } }))).opset).toBe(26);
  });

  it('reads a large model without its weights', async () => {
    writeDenseModel(path, { layers: 3, width: 512 });
    expect((await readModelHead(path)).outputs).toEqual([{ name: 'y', dtype: 'float32', shape: ['batch', 512] }]);
  });

  it('refuses a path that is not there or is a folder with exit 2', async () => {
    for (const wrong of [join(folder, 'none.onnx'), folder]) {
      await expect(readModelHead(wrong)).rejects.toMatchObject({ code: 'no-model-file', exit: 2 });
    }
  });
});

const typed = (type: Buffer) => relu({ inputs: [value('x', type)] });
const sequence = message(4, bytes(1, tensorType('float32', ['n'])));

describe('models that cannot be served', () => {
  it.each<[string, string, Uint8Array]>([
    [
      'a name no output can have',
      'model-unsupported',
      relu({ outputs: [value('__proto__', tensorType('float32', [1]))] }),
    ],
    ['no graph', 'model-invalid', Buffer.concat([int(1, 8), text(2, 'p'), message(8, int(2, 13))])],
    ['no opset', 'model-invalid', relu({ opsets: {} })],
    ['an opset of the future', 'model-invalid', relu({ opsets: { '': 27 } })],
    ['opset 0', 'model-invalid', relu({ opsets: { '': 0 } })],
    ['a negative opset', 'model-invalid', relu({ opsets: { '': -3 } })],
    ['an IR version of the future', 'model-invalid', relu({ ir: 14 })],
    ['no IR version', 'model-invalid', relu({ ir: 0 })],
    ['a negative IR version', 'model-invalid', relu({ ir: -1 })],
    ['no outputs', 'model-invalid', relu({ outputs: [] })],
    ['no inputs', 'model-unsupported', relu({ inputs: [] })],
    ['one name twice', 'model-invalid', relu({ inputs: [x, x] })],
    ['an empty name', 'model-invalid', relu({ inputs: [value('', tensorType('float32', [1]))] })],
    ['a name with control characters', 'model-invalid', relu({ inputs: [value('a\nb', tensorType('float32', [1]))] })],
    ['a name that is not UTF-8', 'model-invalid', relu({ inputs: [bytes(1, Buffer.from([0xff, 0xfe]))] })],
    ['a name of megabytes', 'model-invalid', relu({ inputs: [value('n'.repeat(2_000_000), tensorType(1, []))] })],
    ['a negative dimension', 'model-invalid', typed(tensorType('float32', [-7]))],
    [
      'a dimension beyond 2^53',
      'model-invalid',
      typed(message(1, int(1, 1), message(2, message(1, int(1, 2n ** 60n))))),
    ],
    ['a sequence input', 'model-unsupported', typed(sequence)],
    ['a map output', 'model-unsupported', relu({ outputs: [value('y', message(5, int(1, 7)))] })],
    ['an optional input', 'model-unsupported', typed(message(9, bytes(1, tensorType('float32', [1]))))],
    ['an input of type bfloat16', 'model-unsupported', typed(tensorType('bfloat16', [1]))],
    ['an input of an unknown type', 'model-unsupported', typed(tensorType(77, [1]))],
    ['an output without a type', 'model-unsupported', relu({ outputs: [text(1, 'y')] })],
    ['thousands of dimensions', 'model-invalid', typed(tensorType('float32', new Array(5000).fill(1)))],
    ['tens of thousands of inputs', 'model-invalid', relu({ inputs: new Array(10_001).fill(x) })],
    ['a varint without end', 'model-invalid', Buffer.concat([int(1, 8), tag(5, 0), Buffer.alloc(11, 0xff)])],
    ['a field numbered 0', 'model-invalid', Buffer.concat([relu(), Buffer.from([0, 0])])],
    ['a group', 'model-invalid', Buffer.concat([relu(), tag(99, 3), tag(99, 4)])],
    ['a length of 2^63', 'model-invalid', Buffer.concat([int(1, 8), tag(7, 2), varint(2n ** 63n)])],
    [
      'an inner length beyond its message',
      'model-invalid',
      Buffer.concat([int(1, 8), message(8, tag(1, 2), varint(9)), relu()]),
    ],
    ['a length beyond the file', 'model-truncated', Buffer.concat([int(1, 8), tag(7, 2), varint(2n ** 40n)])],
  ])('refuses %s: %s', async (_name, expected, content) => {
    expect(await code(content)).toBe(expected);
  });

  it('refuses graphs nested deeper than protobuf allows', async () => {
    let graph: Buffer = Buffer.concat([text(2, 'leaf')]);
    for (let depth = 0; depth < 300; depth++) {
      graph = message(1, text(4, 'If'), message(5, text(1, 'then_branch'), bytes(6, graph)));
    }
    expect(await code(relu({ graph: [graph] }))).toBe('model-invalid');
  });

  it('refuses a file beyond the 2 GiB that one protobuf message can have', async () => {
    writeFileSync(path, tinyModel());
    truncateSync(path, 2 ** 31);
    await expect(readModelHead(path)).rejects.toMatchObject({ code: 'model-invalid' });
  });

  it('names the file and says what to do, in one line', async () => {
    const error = await head(relu({ ir: 99 })).catch((e: unknown) => e);
    expect(error).toMatchObject({ exit: 3, hint: expect.stringMatching(/./) });
    expect((error as Error).message).toMatch(/^model\.onnx [^\n]*13\.$/);
  });
});

describe('damaged models', () => {
  it('refuses a model cut off anywhere', async () => {
    const whole = tinyModel();
    for (let length = 0; length < whole.length; length++) {
      expect([length, await code(whole.subarray(0, length))]).toEqual([
        length,
        expect.stringMatching(/^(?:not-onnx|model-truncated|model-invalid)$/),
      ]);
    }
    for (const missing of [1, 2, 50]) expect(await code(whole.subarray(0, -missing))).toBe('model-truncated');
  });

  it('survives any flipped byte: a head, or an explained refusal', async () => {
    const random = seededRandom(7);
    const whole = encodeModel({
      nodes: [
        node(
          'Loop',
          [],
          ['l'],
          message(5, text(1, 'body'), bytes(6, bytes(5, tensor('a', 'float32', [1], new Uint8Array(4))))),
        ),
      ],
      inputs: [x],
      outputs: [y],
      initializers: [tensor('w', 'float32', [2], new Uint8Array(8))],
    });
    for (let round = 0; round < 400; round++) {
      const damaged = Buffer.from(whole);
      for (let flips = 0; flips < 3; flips++) {
        damaged[Math.floor(random() * damaged.length)] = Math.floor(random() * 256);
      }
      const error = await head(damaged).catch((e: unknown) => e);
      if (error instanceof Error) expect(error).toBeInstanceOf(ColdgateError);
    }
  });
});
