import { describe, expect, it } from 'vitest';
import type { Tensors } from '../../../src/handler/session/session.ts';
import { parseLargeObject } from '../../../src/handler/tensors/large-json.ts';
import { parseJsonObject } from '../../../src/handler/tensors/read-json.ts';
import { jsonWith } from '../../../src/handler/tensors/tensor-answer.ts';
import { readInferInput } from '../../../src/handler/tensors/tensors-in.ts';
import { writeOutputs } from '../../../src/handler/tensors/tensors-out.ts';
import { LongList } from '../../../src/model/long-list.ts';
import type { Dtype } from '../../../src/model/tensor-info.ts';
import { seededRandom } from '../../fixtures/onnx.ts';

const random = seededRandom(7);
const pick = <T>(...some: T[]): T => some[Math.floor(random() * some.length)] as T;
const many = <T>(most: number, make: () => T): T[] => Array.from({ length: Math.floor(random() * most) }, make);

const space = (): string => many(3, () => pick(' ', '\n', '\t', '\r')).join('');
const digits = (): string => String(Math.floor(random() * 10 ** Math.floor(random() * 16)));
const numberText = (): string =>
  pick(
    () => digits(),
    () => `-${digits()}`,
    () => `${digits()}.${digits()}${digits()}`,
    () =>
      `${pick('', '-')}${digits()}.000${digits()}${pick('e', 'E')}${pick('', '+', '-')}${Math.floor(random() * 40)}`,
    () => `0.${digits()}${digits()}${digits()}`,
    () => pick('0', '-0', '-0.0', '1e-400', '1E400', '0e999', '5e-324', '1.7976931348623157e308', '9007199254740993'),
    () => `${digits()}${digits()}${digits()}`,
    () => String(random() * 10 ** (Math.floor(random() * 600) - 300)),
  )();

const stringText = (): string =>
  pick('"a"', '"ü€💥"', '"\\"]\\\\"', '"\\u0000\\n"', '"NaN"', '""', '"__proto__"', '"\\ud800"');
const nested = (shape: readonly number[], leaf: () => string): string =>
  shape.length === 0
    ? leaf()
    : `[${Array.from({ length: shape[0] as number }, () => `${space()}${nested(shape.slice(1), leaf)}${space()}`).join(',')}]`;
const shapeOf = (): number[] => [1 + Math.floor(random() * 4), ...many(3, () => 1 + Math.floor(random() * 3))];
const value = (depth: number): string =>
  pick(
    () => nested(shapeOf(), numberText),
    () => nested([2 + Math.floor(random() * 2000)], numberText),
    () =>
      nested(shapeOf(), () =>
        pick(
          numberText,
          numberText,
          stringText,
          () => 'true',
          () => '[]',
        )(),
      ),
    () => pick('true', 'false', 'null', '[]', '{}', stringText(), numberText()),
    () => (depth > 3 ? '1' : `[${many(4, () => space() + value(depth + 1)).join(',')}]`),
    () => (depth > 3 ? '1' : object(depth + 1)),
  )();
const object = (depth = 0): string =>
  `{${many(4, () => `${space()}${pick(stringText(), '"inputs"', '"a"', '"1"')}${space()}:${value(depth)}`).join(',')}${space()}}`;

/** A text made wrong in one place, as a rule. */
function broken(text: string): string {
  const at = Math.floor(random() * text.length);
  return (
    text.slice(0, at) + pick('', ',', ']', '[', '}', '.', '-', '00', 'e', '"', 'x', '\\', ' ') + text.slice(at + 1)
  );
}

/** Lists of numbers as arrays again. */
function plain(json: unknown): unknown {
  if (json instanceof LongList) return unflatten([...json.data], json.shape);
  if (Array.isArray(json)) return json.map(plain);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, plain(one)]));
}

function unflatten(data: number[], shape: readonly number[]): unknown {
  if (shape.length === 1) return data;
  const size = data.length / (shape[0] as number);
  return Array.from({ length: shape[0] as number }, (_, at) =>
    unflatten(data.slice(at * size, (at + 1) * size), shape.slice(1)),
  );
}

const outcome = async (work: () => unknown): Promise<unknown> => {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: (error as Error).message };
  }
};

describe('a large body', () => {
  it('is read as JSON.parse reads it, whatever it holds', async () => {
    for (let round = 0; round < 1000; round++) {
      const whole = pick(object(), space() + object() + space(), value(0));
      const text = round % 3 === 0 ? broken(whole) : whole;
      const bytes = Buffer.from(text);
      const expected = await outcome(() => parseJsonObject(bytes));
      expect([text, await outcome(async () => plain(await parseLargeObject(bytes)))]).toEqual([text, expected]);
    }
  });

  it('gives the tensor, or the refusal, that a small one gives', async () => {
    const infos = (dtype: Dtype, shape: (string | number)[] | null) => ({
      inputs: [{ name: 'x', dtype, shape }],
      outputs: [],
    });
    for (let round = 0; round < 1000; round++) {
      const shape = shapeOf();
      const leaf = pick(
        numberText,
        () => String(Math.floor(random() * 300)),
        () => pick('0', '1', '-0'),
      );
      const text = nested(shape, leaf);
      const flat = `{"x":{"shape":[${shape}],"data":${nested([shape.reduce((a, b) => a * b)], leaf)}}}`;
      const bytes = Buffer.from(`{"inputs":${pick(text, flat)}}`);
      const free = shape.map((size, at) => pick<string | number>(`d${at}`, size));
      const declared = pick<(string | number)[] | null>(free, free, null, [...free, 'more'], free.slice(1), [
        7,
        ...free.slice(1),
      ]);
      const info = infos(
        pick<Dtype>('float32', 'float64', 'int32', 'uint8', 'int64', 'bool', 'string', 'float16'),
        declared,
      );
      const expected = await outcome(() => readInferInput(parseJsonObject(bytes), info));
      expect([
        bytes.toString(),
        await outcome(async () => readInferInput(await parseLargeObject(bytes), info)),
      ]).toEqual([bytes.toString(), expected]);
    }
  });

  it('is told which list is not as long as the others', async () => {
    const rows = Buffer.from(`{"inputs":[[1],[2],[1,2]${',[1]'.repeat(2_000_000)}]}`);
    const uneven = 'a list of 2 at [2], where others have 1';
    expect(await outcome(() => parseLargeObject(rows))).toMatchObject({ error: expect.stringContaining(uneven) });
  });
});

describe('a large answer', () => {
  it('is written as a small one is', async () => {
    const shapes = [[200_000], [2, 100_000], [400, 5, 100], [200_000, 1], [1, 1, 200_000]];
    for (const shape of shapes) {
      for (const form of ['nested', 'flat'] as const) {
        const data = Float32Array.from({ length: 200_000 }, (_, at) => pick(at, random(), -0, Number.NaN, -Infinity));
        const outputs: Tensors = new Map([
          ['y', { dtype: 'float32', shape, data }],
          ['"0"', { dtype: 'int64', shape: [2], data: BigInt64Array.of(1n, 2n ** 60n) }],
          ['t', { dtype: 'string', shape: [1500], data: Array.from({ length: 1500 }, () => 'a"\n€') }],
        ]);
        const { body } = await jsonWith([outputs], (put) => ({ outputs: writeOutputs(outputs, form, put) }));
        expect(body).toBeInstanceOf(Uint8Array);
        const expected = JSON.stringify({ outputs: writeOutputs(outputs, form) });
        expect(Buffer.from(body as Uint8Array).toString() === expected).toBe(true);
      }
    }
  });
});
