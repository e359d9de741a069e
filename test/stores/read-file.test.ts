import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recycle } from '../../src/stores/chunk-pool.ts';
import { FileChunks } from '../../src/stores/chunks.ts';
import { openFileStore } from '../../src/stores/file.ts';
import { readFileChunks } from '../../src/stores/read-file.ts';
import { gathered, madeBytes } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { temporaryStore } from '../fakes/stores/folder.ts';

const bytes = madeBytes(3_500_000, 3);

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'coldgate-read-'));
  path = join(folder, 'model.onnx');
  await writeFile(path, bytes);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('reading a file in chunks', () => {
  it('gives all bytes in order, in chunks of the size asked for', async () => {
    const chunks = await gathered(readFileChunks(path));
    expect(chunks.map((chunk) => chunk.byteLength)).toEqual([1_048_576, 1_048_576, 1_048_576, 354_272]);
    expect(Buffer.concat(chunks).equals(bytes)).toBe(true);
    const odd = await gathered(readFileChunks(path, 999_999));
    expect(odd.map((chunk) => chunk.byteLength)).toEqual([999_999, 999_999, 999_999, 500_003]);
    expect(Buffer.concat(odd).equals(bytes)).toBe(true);
  });

  it('gives no chunk for an empty file', async () => {
    await writeFile(path, '');
    expect(await gathered(readFileChunks(path))).toEqual([]);
  });

  it('passes on the system’s own error, at the first read', async () => {
    const missing = readFileChunks(join(folder, 'missing'));
    expect(await errorCode(gathered(missing))).toBe('ENOENT');
    expect(await errorCode(gathered(readFileChunks(folder)))).toBe('EISDIR');
  });

  it('closes its handle at the end, when left early and when never begun', async () => {
    for (const chunksRead of [0, 1, 2, 99]) {
      const handle = await open(path, 'r');
      const chunks = new FileChunks(handle);
      for (let n = 0; n < chunksRead; n++) await chunks.next();
      await chunks.return();
      await chunks.return();
      expect(handle.fd).toBe(-1);
      expect(await chunks.next()).toEqual({ done: true, value: undefined });
    }
  });
});

describe('the memory of chunks', () => {
  it('can be used again once given back, and is then empty for those who kept it', async () => {
    const chunks = new FileChunks(() => open(path, 'r'), { chunkSize: 1000 });
    const first = (await chunks.next()).value as Uint8Array;
    recycle(first);
    expect(first.byteLength).toBe(0);
    const second = (await chunks.next()).value as Uint8Array;
    const third = (await chunks.next()).value as Uint8Array;
    await chunks.return();
    expect(Buffer.from(second).equals(bytes.subarray(1000, 2000))).toBe(true);
    expect(Buffer.from(third).equals(bytes.subarray(2000, 3000))).toBe(true);
  });

  it('stays with a chunk that was cut into parts', async () => {
    const { settings, close } = await temporaryStore();
    const store = await openFileStore(settings);
    async function* inHalves(): AsyncGenerator<Uint8Array> {
      for await (const chunk of readFileChunks(path)) {
        yield chunk.subarray(0, 500_000);
        yield chunk.subarray(500_000);
      }
    }
    await store.put('halves', inHalves(), 'absent');
    const stored = await gathered((await store.get('halves')).body);
    expect(Buffer.concat(stored).equals(bytes)).toBe(true);
    await close();
  });

  it('stays with whoever passes a chunk as a whole body', async () => {
    const { settings, close } = await temporaryStore();
    const store = await openFileStore(settings);
    const [chunk] = await gathered(readFileChunks(path));
    await store.put('chunk', chunk!, 'absent');
    expect(Buffer.from(chunk!).equals(bytes.subarray(0, 1_048_576))).toBe(true);
    await close();
  });

  it('carries a file into a store unharmed', async () => {
    const { settings, close } = await temporaryStore();
    const store = await openFileStore(settings);
    await store.put('copy', readFileChunks(path), 'absent');
    await store.put('copy of copy', (await store.get('copy')).body, 'absent');
    const stored = await gathered((await store.get('copy of copy')).body);
    expect(Buffer.concat(stored).equals(bytes)).toBe(true);
    await close();
  });
});
