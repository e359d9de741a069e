import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LoadError } from '../../src/handler/model/load-error.ts';
import { defaultLimits, type Limits } from '../../src/handler/readers/limits.ts';
import type { Reader, ReadObject } from '../../src/handler/readers/reader.ts';
import { madeBytes } from '../fakes/stores/bodies.ts';

export interface OpenedReader {
  reader: Reader;
  /** Writes an object, over what is there. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface ReaderContractOptions {
  /** The reader has this one key and no other. */
  only?: string;
}

const mebibyte = 1024 * 1024;

/** Parts so small that objects of a few MiB come in several. */
export const smallParts: Limits = { ...defaultLimits, largeBytes: 4 * mebibyte, partBytes: mebibyte + 1 };

/** The bytes, each chunk copied at the last moment that the reader's interface allows: before the next but one is asked for. */
export async function bytesOf({ body }: ReadObject): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let held: Uint8Array = new Uint8Array();
  for await (const chunk of body) {
    chunks.push(Buffer.from(held));
    held = chunk;
  }
  return Buffer.concat([...chunks, held]);
}

/** What every reader keeps, whatever it reads from. `open` is given limits under which objects of 4 MiB are large. */
export function readerContract(
  name: string,
  open: (limits: Limits) => Promise<OpenedReader>,
  { only }: ReaderContractOptions = {},
): void {
  describe(`${name} keeps the contract of readers`, () => {
    let opened: OpenedReader;
    beforeAll(async () => {
      opened = await open(smallParts);
    });
    afterAll(() => opened?.close());
    const use: Use = { opened: () => opened, key: only ?? 'digits/versions/1.0.0/model.onnx' };
    givesBytes(use);
    readsConditionally(use);
    if (only === undefined) findsKeys(use);
  });
}

interface Use {
  opened(): OpenedReader;
  key: string;
}

function givesBytes({ opened, key }: Use): void {
  const sizes = [0, 1, mebibyte - 1, mebibyte, mebibyte + 1, 4 * mebibyte - 1, 4 * mebibyte, 9 * mebibyte + 7];
  it.each(sizes)('gives exactly the %i stored bytes, and says how many they are', async (size) => {
    const stored = madeBytes(size, size + 1);
    await opened().put(key, stored);
    const object = await opened().reader.read(key);
    expect(object.size).toBe(size);
    expect((await bytesOf(object)).equals(stored)).toBe(true);
  });

  it('gives several readers the same bytes at a time', async () => {
    const stored = madeBytes(5 * mebibyte, 3);
    await opened().put(key, stored);
    const all = await Promise.all([1, 2, 3].map(async () => bytesOf(await opened().reader.read(key))));
    expect(all.map((bytes) => bytes.equals(stored))).toEqual([true, true, true]);
  });

  it('lets its consumer stop anywhere, and goes on for the next', async () => {
    const stored = madeBytes(6 * mebibyte, 4);
    await opened().put(key, stored);
    for (let chunks = 1; chunks < 6; chunks++) {
      let seen = 0;
      for await (const _ of (await opened().reader.read(key)).body) if (++seen === chunks) break;
    }
    expect((await bytesOf(await opened().reader.read(key))).equals(stored)).toBe(true);
  });

  it('never mixes an object with the one that replaces it meanwhile', async () => {
    const [first, second] = [madeBytes(9 * mebibyte, 5), madeBytes(9 * mebibyte, 6)];
    await opened().put(key, first);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of (await opened().reader.read(key)).body) {
        if (chunks.length === 0) await opened().put(key, second);
        chunks.push(Buffer.from(chunk));
      }
      expect(Buffer.concat(chunks).equals(first)).toBe(true);
    } catch (error) {
      expect(error).toMatchObject({ name: 'ReplacedError', code: 'store-unavailable' });
    }
    expect((await bytesOf(await opened().reader.read(key))).equals(second)).toBe(true);
  });
}

function readsConditionally({ opened, key }: Use): void {
  it('answers unchanged for the token that it gave, and the object once it is another', async () => {
    const { reader, put } = opened();
    await put(key, Buffer.from('one'));
    const first = await reader.read(key, { ifChanged: undefined });
    if (first === 'unchanged') throw new Error('nothing was known yet');
    await bytesOf(first);
    expect(await reader.read(key, { ifChanged: first.token })).toBe('unchanged');
    await put(key, Buffer.from('two!'));
    const second = await reader.read(key, { ifChanged: first.token });
    if (second === 'unchanged') throw new Error('the object is another one');
    expect((await bytesOf(second)).toString()).toBe('two!');
    expect(second.token).not.toBe(first.token);
  });

  it('takes a token of elsewhere for no answer', async () => {
    await opened().put(key, Buffer.from('three'));
    const known = await opened().reader.read(key);
    expect((await bytesOf(known)).toString()).toBe('three');
    for (const ifChanged of ['elsewhere:"1"', known.token.replace(/^[a-z0-9]+:/, 'elsewhere:'), '']) {
      const object = await opened().reader.read(key, { ifChanged });
      if (object === 'unchanged') throw new Error('took a foreign token');
      expect((await bytesOf(object)).toString()).toBe('three');
    }
  });
}

function findsKeys({ opened }: Use): void {
  it.each(["in/a b+c (1)'!*.bin", 'ü/日本.bin', 'a/b%20c&d=e;f@g.bin'])('finds %s', async (key) => {
    await opened().put(key, Buffer.from(key));
    expect((await bytesOf(await opened().reader.read(key))).toString()).toBe(key);
  });

  it.each(['missing', 'digits', 'digits/versions/1.0.0/model.onnx/below'])('has no %s', async (key) => {
    const { reader } = opened();
    await opened().put('digits/versions/1.0.0/model.onnx', Buffer.from('x'));
    for (const options of [{ ifChanged: undefined }, { ifChanged: 's3:"1"' }]) {
      const error = await reader.read(key, options).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(LoadError);
      expect(error).toMatchObject({ code: 'model-not-found', message: expect.stringContaining(key) });
    }
  });

  it('names its root without anything secret', () => {
    expect(opened().reader.url).toMatch(/^[a-z0-9]+:\/\/[^?@]+$/);
  });
}
