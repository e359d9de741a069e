import { createHash } from 'node:crypto';
import { readAll, type StoredObject } from '../../../src/stores/store.ts';

/** Bytes that repeat nowhere, the same for the same seed, so that any loss, doubling or swap of a piece shows. */
export function madeBytes(size: number, seed = 1): Uint8Array {
  const bytes = Buffer.alloc(size);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < size; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** Cuts the bytes into chunks of the given sizes, over and over. */
export async function* inChunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, turn = 0; at < bytes.byteLength; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export async function* noChunks(): AsyncGenerator<Uint8Array> {}

/** A source that fails after some of its bytes, as a file on a broken disk or a cut connection would. */
export async function* failingAfter(bytes: Uint8Array, error: Error): AsyncGenerator<Uint8Array> {
  yield bytes;
  throw error;
}

/** A source that holds something open until it is read to its end or returned, even before its first chunk. */
export class OpenSource implements AsyncIterableIterator<Uint8Array> {
  isOpen = true;
  #left = 3;

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#left-- > 0) return { done: false, value: new Uint8Array(10) };
    return this.return();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.isOpen = false;
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

/** A large stream that is never in memory whole; knows its digest and size once it has been read. */
export class LargeSource {
  readonly #hash = createHash('sha256');
  readonly size: number;

  constructor(size: number) {
    this.size = size;
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    const block = madeBytes(1_000_003, 7);
    for (let left = this.size, turn = 0; left > 0; turn++) {
      const chunk = Buffer.from(block.subarray(0, Math.min(left, block.byteLength)));
      chunk.writeUInt32LE(turn, 0);
      this.#hash.update(chunk);
      left -= chunk.byteLength;
      yield chunk;
    }
  }

  digest(): string {
    return this.#hash.digest('hex');
  }
}

export async function gathered<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function digestOf(object: StoredObject): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of object.body) {
    hash.update(chunk);
    size += chunk.byteLength;
  }
  return { sha256: hash.digest('hex'), size };
}

export async function textOf(object: StoredObject): Promise<string> {
  return Buffer.from(await readAll(object)).toString('utf8');
}
