import type { FileHandle } from 'node:fs/promises';
import { ChunkPool } from './chunk-pool.ts';

/** Large enough that the cost of a system call vanishes, small enough that a few in flight are nothing. Bytes. */
export const defaultChunkSize = 1024 * 1024;

interface ChunkOptions {
  /** Bytes of each chunk but the last. */
  chunkSize?: number | undefined;
  /** Bytes to read; to the end of the file when absent. */
  length?: number | undefined;
  /** Called when the file ends before `length`: its error is thrown. */
  tooShort?: ((read: number) => Error) | undefined;
}

/**
 * The bytes of a file in order, reading one chunk ahead of its consumer. Closes the handle at the end, on a failure and
 * when it is returned, even before the first chunk (a generator would skip its `finally` there and leak the handle).
 * Each chunk belongs to its consumer, who may keep it, or pass it on for good (a store's `put` does `recycle` it).
 */
export class FileChunks implements AsyncIterableIterator<Uint8Array> {
  readonly #open: () => Promise<FileHandle>;
  readonly #size: number;
  readonly #length: number;
  readonly #tooShort: ChunkOptions['tooShort'];
  #handle: FileHandle | undefined;
  #ahead: Promise<Uint8Array> | undefined;
  #position = 0;
  /** Bytes of the file as it was opened. */
  #known: number | undefined;
  #ended = false;
  #closed = false;

  /** Takes an open handle, which it then owns, or opens one on the first read. */
  constructor(source: FileHandle | (() => Promise<FileHandle>), options: ChunkOptions = {}) {
    this.#handle = typeof source === 'function' ? undefined : source;
    this.#open = typeof source === 'function' ? source : async () => source;
    this.#size = options.chunkSize ?? defaultChunkSize;
    this.#length = options.length ?? Number.POSITIVE_INFINITY;
    this.#known = options.length;
    this.#tooShort = options.tooShort;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#closed) return { done: true, value: undefined };
    try {
      this.#handle ??= await this.#open();
      const chunk = await (this.#ahead ?? this.#read(this.#handle));
      this.#ahead = undefined;
      this.#position += chunk.byteLength;
      if (chunk.byteLength === 0) return await this.#end();
      this.#ahead = this.#read(this.#handle);
      // Awaited by the next call; a consumer that stops before it must not turn the failure into a crash.
      this.#ahead.catch(() => {});
      return { done: false, value: chunk };
    } catch (cause) {
      await this.return();
      throw cause;
    }
  }

  async #end(): Promise<IteratorResult<Uint8Array>> {
    if (this.#position < this.#length && this.#tooShort) throw this.#tooShort(this.#position);
    return this.return();
  }

  async #read(handle: FileHandle): Promise<Uint8Array> {
    const size = Math.min(this.#size, this.#length - this.#position);
    if (size <= 0 || this.#ended) return new Uint8Array(0);
    const buffer = await this.#memory(handle);
    const { bytesRead } = await handle.read(buffer, 0, Math.min(size, buffer.byteLength), this.#position);
    // Regular files are read short only at their end.
    this.#ended = bytesRead < buffer.byteLength;
    return buffer.subarray(0, bytesRead);
  }

  /** A file smaller than a chunk gets as much as it has, and a byte more, so that one read is seen to be short. */
  async #memory(handle: FileHandle): Promise<Buffer<ArrayBufferLike>> {
    this.#known ??= (await handle.stat()).size;
    const all = this.#known + 1;
    return this.#position === 0 && all < this.#size ? Buffer.allocUnsafeSlow(all) : ChunkPool.of(this.#size).take();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#closed) {
      this.#closed = true;
      await this.#ahead?.catch(() => {});
      await this.#handle?.close();
    }
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
