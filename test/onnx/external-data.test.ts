import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findExternalData } from '../../src/onnx/external-files.ts';
import { readModelHead } from '../../src/onnx/read-head.ts';
import { layFiles, outside, stated, tinyGraph, tinyWeights, tinyWith } from '../fixtures/external.ts';
import { hostileModels } from '../fixtures/hostile-external.ts';

const root = mkdtempSync(join(tmpdir(), 'coldgate-external-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const secret = join(root, 'secret.bin');
writeFileSync(secret, tinyWeights());

let folders = 0;
function folder(): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  return path;
}

const look = async (at: string) => {
  const model = join(at, 'model.onnx');
  const { files, faults } = await findExternalData(model, (await readModelHead(model)).externalData);
  return { files: files.map(({ path, size }) => [path, size]), faults: faults.map(({ message }) => message) };
};
const find = (files: Record<string, Uint8Array | string>) => {
  const at = folder();
  layFiles(at, files);
  return look(at);
};

describe('external data', () => {
  it('is found by the head: one file, several, in folders, with padding', async () => {
    expect(await find({ 'model.onnx': tinyGraph(), 'model.onnx.data': tinyWeights() })).toEqual({
      files: [['model.onnx.data', 72]],
      faults: [],
    });
    const several = tinyWith(outside('w', ['data/w.bin']), outside('b', ['./b.bin', 64], { shape: [2] }));
    expect(await find({ 'model.onnx': several, 'data/w.bin': tinyWeights(), 'b.bin': tinyWeights() })).toEqual({
      files: [
        ['data/w.bin', 72],
        ['b.bin', 72],
      ],
      faults: [],
    });
  });

  it('may be shared by tensors as a whole, and hold none of a tensor without elements', async () => {
    const shared = tinyWith(
      outside('w', ['d', 0, 16]),
      outside('v', ['d', 0, 16]),
      outside('z', ['d', 0, 0], { shape: [0] }),
    );
    expect(await find({ 'model.onnx': shared, d: tinyWeights() })).toEqual({ files: [['d', 72]], faults: [] });
  });

  it('is what the tensor is marked with, and no entry that is left over', async () => {
    const left = Buffer.concat([
      outside('w', [''], { entries: [stated('location', '/etc/passwd')] }),
      Buffer.from([0x70, 0]),
    ]);
    expect(await find({ 'model.onnx': tinyWith(left) })).toEqual({ files: [], faults: [] });
  });

  it('is refused with every tensor that is wrong', async () => {
    const both = tinyWith(outside('w', ['/etc/passwd']), outside('b', ['../x'], { shape: [2] }));
    const { faults } = await find({ 'model.onnx': both });
    expect(faults).toHaveLength(2);
    const short = tinyWith(outside('w', ['d', 0, 16]), outside('b', ['d', 64, 8], { shape: [2] }));
    expect((await find({ 'model.onnx': short, d: 'abc' })).faults).toHaveLength(2);
  });
});

describe('a hostile model', () => {
  it('comes in more than forty kinds', () => {
    expect(hostileModels.length).toBeGreaterThanOrEqual(40);
    expect(new Set(hostileModels.map(({ name }) => name)).size).toBe(hostileModels.length);
  });

  it.each(hostileModels.map((model) => [model.name, model] as const))(
    'with %s is refused by its tensor',
    async (_name, model) => {
      const at = folder();
      model.lay(at, secret);
      const { faults } = await look(at);
      expect(faults.length).toBeGreaterThan(0);
      expect(faults[0]).toMatch(/the tensor "[wb]"/);
      expect(faults[0]).toContain(model.says);
    },
  );
});
