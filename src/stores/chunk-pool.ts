/** Which pool a chunk's memory came from. */
const owners = new WeakMap<ArrayBufferLike, ChunkPool>();

/** What a pool keeps for later: more than is in flight between a few readers and writers is of no use. Bytes. */
const spareBytes = 32 * 1024 * 1024;

const shared = new Map<number, ChunkPool>();

/**
 * Memory for chunks of one size, used again and again. Without it a stream leaves some 64 MB of dead buffers between two
 * garbage collections, whatever the size of its chunks.
 */
export class ChunkPool {
  readonly #size: number;
  readonly #free: ArrayBufferLike[] = [];

  /** Bytes of a chunk. */
  constructor(size: number) {
    this.#size = size;
  }

  /** The pool of all streams of this process, so that one after the other uses the same memory. */
  static of(size: number): ChunkPool {
    if (size > spareBytes / 4) return new ChunkPool(size);
    const pool = shared.get(size) ?? new ChunkPool(size);
    shared.set(size, pool);
    return pool;
  }

  take(): Buffer<ArrayBufferLike> {
    const memory = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#size).buffer;
    owners.set(memory, this);
    return Buffer.from(memory);
  }

  giveBack(memory: ArrayBuffer): void {
    if (this.#free.length < Math.max(4, spareBytes / this.#size)) this.#free.push(memory.transfer());
  }
}

/**
 * Gives a chunk's memory back to its pool, if it has one and the chunk is all of it: a part may have siblings that are
 * still on their way. A consumer that still holds the chunk then sees it empty: a mistake shows as missing bytes and
 * never as the bytes of a later chunk.
 */
export function recycle(chunk: Uint8Array): void {
  const memory = chunk.buffer;
  if (memory instanceof ArrayBuffer && memory.byteLength === chunk.byteLength) owners.get(memory)?.giveBack(memory);
}
