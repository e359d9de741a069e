import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError } from '../../src/errors.ts';
import type { TensorInfo } from '../../src/model/tensor-info.ts';
import { readSample, sampleLimit } from '../../src/onnx/golden.ts';

const folder = mkdtempSync(join(tmpdir(), 'coldgate-sample-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'sample.json');

const head: { inputs: TensorInfo[]; outputs: TensorInfo[] } = {
  inputs: [
    { name: 'ids', dtype: 'int64', shape: ['batch', 'sequence'] },
    { name: 'image', dtype: 'uint8', shape: ['batch', 3] },
  ],
  outputs: [{ name: 'scores', dtype: 'float32', shape: ['batch', 2] }],
};
const good = { ids: [[1, 2]], image: [[0, 1, 255]] };

const read = (content: unknown) => {
  writeFileSync(path, typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content));
  return readSample(path, head, 'sample.json');
};
async function problems(content: unknown): Promise<(string | number)[][]> {
  const error = await read(content).catch((e: unknown) => e);
  if (!(error instanceof InputError)) throw error;
  expect([error.code, error.exit]).toEqual(['bad-sample', 2]);
  return error.problems.map((p) => (p.line === undefined ? [p.path] : [p.path, p.line]));
}

describe('readSample', () => {
  it('answers the sample as it is written', async () => {
    const sample = { inputs: good, outputs: { scores: [[0.5, 'NaN']] }, tolerance: { relative: 0.01 } };
    expect(await read(sample)).toEqual(sample);
    expect(await read(`\uFEFF${JSON.stringify({ inputs: good })}`)).toEqual({ inputs: good });
  });

  it('names everything wrong at once', async () => {
    const sample = {
      inputs: { idz: [[1]], image: [[0, 300, 1]] },
      outputs: { score: 1, scores: [[1, 'two', 3]] },
      tolerance: { relative: -1, absolut: 1 },
      extra: true,
    };
    expect((await problems(sample)).flat().sort()).toEqual(
      [
        'extra',
        'inputs.idz',
        'inputs.ids',
        'inputs.image[0][1]',
        'outputs.score',
        'outputs.scores[0][1]',
        'tolerance.absolut',
        'tolerance.relative',
      ].sort(),
    );
  });

  it('suggests the name that was meant', async () => {
    const error = await read({ inputs: { ...good, imagee: 1 } }).catch((e: unknown) => e);
    expect((error as InputError).problems[0]?.hint).toContain('image');
  });

  it.each<[string, unknown, string]>([
    ['a fraction for int64', { inputs: { ...good, ids: [[1.5, 2]] } }, 'inputs.ids[0][0]'],
    ['a ragged list', { inputs: { ...good, ids: [[1, 2], [3]] } }, 'inputs.ids[1]'],
    ['data that is too short', { inputs: { ...good, ids: { shape: [1, 2], data: [1] } } }, 'inputs.ids.data'],
    ['another fixed dimension', { inputs: { ...good, image: [[1, 2]] } }, 'inputs.image.shape'],
    [
      'a dtype that differs',
      { inputs: { ...good, ids: { dtype: 'int32', shape: [1, 1], data: [1] } } },
      'inputs.ids.dtype',
    ],
    ['inputs that are a list', { inputs: [[1, 2]] }, 'inputs'],
    ['no inputs', {}, 'inputs'],
    ['outputs that are null', { inputs: good, outputs: null }, 'outputs'],
    ['a tolerance that is a number', { inputs: good, tolerance: 0.1 }, 'tolerance'],
    ['a list', [], ''],
    ['null', 'null', ''],
    ['an empty file', '', ''],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), ''],
  ])('refuses %s', async (_name, content, field) => {
    expect(await problems(content)).toEqual([[field]]);
  });

  it('leaves to the model what shape its outputs have, and whether dimensions of one name agree', async () => {
    const two = { ...good, ids: [[1], [2]] };
    for (const scores of [
      [
        [1, 2],
        [3, 4],
      ],
      [[1]],
      7,
      [],
      { shape: [0, 2], data: [] },
    ]) {
      const sample = { inputs: two, outputs: { scores } };
      expect(await read(sample)).toEqual(sample);
    }
  });

  it('names the line where JSON breaks', async () => {
    expect(await problems('{"inputs": {\n"ids": [[1,\n2]], oops\n}}')).toEqual([['', 3]]);
    expect(await problems('{"inputs": {\n"ids": [[1,\n')).toEqual([['', 3]]);
  });

  it('takes names of the language for ordinary names', async () => {
    expect(await problems('{"inputs": {"__proto__": 1, "constructor": 2}}')).toEqual([
      ['inputs.__proto__'],
      ['inputs.constructor'],
      ['inputs.ids'],
      ['inputs.image'],
    ]);
  });

  it('refuses a missing file, a folder and an absurdly large file', async () => {
    for (const wrong of [join(folder, 'none.json'), folder]) {
      await expect(readSample(wrong, head)).rejects.toMatchObject({ code: 'bad-sample', exit: 2 });
    }
    writeFileSync(path, '{}');
    truncateSync(path, sampleLimit + 1);
    await expect(readSample(path, head)).rejects.toMatchObject({ code: 'bad-sample' });
  });
});
