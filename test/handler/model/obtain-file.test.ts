import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LoadError } from '../../../src/handler/model/load-error.ts';
import { type ModelCache, openModelCache } from '../../../src/handler/model/model-cache.ts';
import { obtainFile } from '../../../src/handler/model/obtain-file.ts';
import { openFileReader } from '../../../src/handler/readers/file.ts';
import type { Reader } from '../../../src/handler/readers/reader.ts';
import { sha256 } from '../../../src/model/digest.ts';

const bytes = Buffer.from('the model as published');
const expected = { sha256: sha256(bytes), size: bytes.byteLength };
const wanted = { key: 'model.onnx', extension: 'onnx' as const, expected };

let root: string;
let cache: ModelCache;
let reads = 0;
let reader: Reader;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'coldgate-obtain-'));
  cache = openModelCache(join(root, 'cache'));
  writeFileSync(join(root, 'model.onnx'), bytes);
  reads = 0;
  const files = openFileReader(root);
  const read = ((key: string) => {
    reads++;
    return files.read(key);
  }) as Reader['read'];
  reader = { ...files, read };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const inCache = (): string[] => readdirSync(cache.folder).sort();

describe('obtaining a model file', () => {
  it('keeps the verified bytes under their digest, readable by the owner alone', async () => {
    const file = await obtainFile(reader, cache, wanted);
    expect(file).toMatchObject({ sha256: expected.sha256, size: expected.size, reused: false });
    expect(readFileSync(file.path)).toEqual(bytes);
    expect(inCache()).toEqual([`${expected.sha256}.onnx`, `${expected.sha256}.onnx.json`]);
    expect(statSync(file.path).mode & 0o077).toBe(0);
    expect(statSync(cache.folder).mode & 0o077).toBe(0);
  });

  it.each([
    ['other bytes of the same size', Buffer.from('the model as tampered ')],
    ['one flipped bit', Buffer.from(bytes.map((byte, i) => (i === 7 ? byte ^ 1 : byte)))],
    ['a cut file', bytes.subarray(0, -1)],
    ['a longer file', Buffer.concat([bytes, Buffer.from('!')])],
    ['an empty file', Buffer.alloc(0)],
  ])('gives no name to %s', async (_what, stored) => {
    writeFileSync(join(root, 'model.onnx'), stored);
    await expect(obtainFile(reader, cache, wanted)).rejects.toMatchObject({ code: 'checksum-mismatch' });
    expect(inCache()).toEqual([]);
  });

  it('reads nothing twice while the file is as it was verified', async () => {
    await obtainFile(reader, cache, wanted);
    const again = await obtainFile(reader, openModelCache(cache.folder), wanted);
    expect(again).toMatchObject({ reused: true, sha256: expected.sha256 });
    expect(reads).toBe(1);
  });

  it.each([
    ['without a sidecar', (path: string) => rmSync(`${path}.json`)],
    ['with a sidecar of other bytes', (path: string) => writeFileSync(`${path}.json`, '{"sha256":"0"}')],
    ['with a sidecar that is no JSON', (path: string) => writeFileSync(`${path}.json`, '{')],
    ['that was written to', (path: string) => writeFileSync(path, 'the model as tampered ')],
    ['that was touched', (path: string) => utimesSync(path, 1, 1)],
  ])('fetches again a cached file %s', async (_what, spoil) => {
    const { path } = await obtainFile(reader, cache, wanted);
    spoil(path);
    expect(await obtainFile(reader, cache, wanted)).toMatchObject({ reused: false });
    expect(readFileSync(path)).toEqual(bytes);
    expect(reads).toBe(2);
  });

  it('learns the digest where nothing states it', async () => {
    const file = await obtainFile(reader, cache, { ...wanted, expected: undefined });
    expect(file.sha256).toBe(expected.sha256);
    expect(existsSync(join(cache.folder, `${expected.sha256}.onnx`))).toBe(true);
  });

  it('leaves nothing behind when the store breaks off', async () => {
    const broken: Reader = {
      url: 'test:',
      remote: true,
      read: (async () => ({
        token: 't',
        size: 100,
        body: (async function* () {
          yield bytes;
          throw new LoadError('store-unavailable', 'gone');
        })(),
      })) as Reader['read'],
    };
    await expect(obtainFile(broken, cache, wanted)).rejects.toMatchObject({ code: 'store-unavailable' });
    expect(inCache()).toEqual([]);
  });

  it('lets go of what the store sends where it cannot be kept', async () => {
    let released = false;
    async function* body() {
      try {
        yield bytes;
      } finally {
        released = true;
      }
    }
    const read = (async () => ({ token: 'x', size: bytes.byteLength, body: body() })) as unknown as Reader['read'];
    rmSync(cache.folder, { recursive: true });
    const obtaining = obtainFile({ ...reader, read }, cache, wanted);
    await expect(obtaining).rejects.toMatchObject({ code: 'cache-unavailable' });
    expect(released).toBe(true);
  });

  it('refuses a folder that cannot be written', async () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => openModelCache(join(root, 'file', 'cache'))).toThrow(
      expect.objectContaining({ code: 'cache-unavailable' }),
    );
  });
});
