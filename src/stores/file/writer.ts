import { ChunkPool, recycle } from '../chunk-pool.ts';
import { defaultChunkSize } from '../chunks.ts';
import type { Body } from '../store.ts';

/** Bytes after which a flush to disk starts, so that the last sync has little left to wait for. */
const flushEvery = 64 * 1024 * 1024;
/** Largest single write(2), in bytes; the system takes no more than 2 GiB at once. */
const largestWrite = 16 * 1024 * 1024;

/** What of a FileHandle is used here. */
export interface Output {
  /** May write less than asked for. */
  write(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ bytesWritten: number }>;
  datasync(): Promise<void>;
}

/**
 * Writes large pieces while the source already makes the next one: one piece is in flight, one is being gathered.
 * Chunks of a megabyte or more go out as they are, smaller ones are copied together first. Call `settle` before the
 * handle is closed, whatever happened.
 */
class BodyWriter {
  readonly #handle: Output;
  readonly #pool = ChunkPool.of(defaultChunkSize);
  readonly #done: (chunk: Uint8Array) => void;
  /** A small chunk, which is written as it is where no other follows. */
  #single: Uint8Array | undefined;
  #gathered: Uint8Array | undefined;
  #fill = 0;
  #position = 0;
  #flushed = 0;
  #writing: Promise<void> = Promise.resolve();
  #flushing: Promise<void> = Promise.resolve();

  /** `handedOver`: chunks are ours once pushed, so that their memory can be used again. */
  constructor(handle: Output, handedOver: boolean) {
    this.#handle = handle;
    this.#done = handedOver ? recycle : () => {};
  }

  async push(chunk: Uint8Array): Promise<void> {
    const first = this.#single;
    this.#single = undefined;
    if (first) await this.#gather(first);
    else if (this.#fill === 0) {
      if (chunk.byteLength >= defaultChunkSize) return this.#send(chunk, this.#done);
      this.#single = chunk;
      return;
    }
    await this.#gather(chunk);
  }

  async #gather(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.byteLength; ) {
      this.#gathered ??= this.#pool.take();
      const part = chunk.subarray(at, at + defaultChunkSize - this.#fill);
      this.#gathered.set(part, this.#fill);
      this.#fill += part.byteLength;
      at += part.byteLength;
      if (this.#fill === defaultChunkSize) await this.#sendGathered();
    }
    this.#done(chunk);
  }

  async end(): Promise<void> {
    if (this.#single) await this.#send(this.#single, this.#done);
    if (this.#fill > 0) await this.#sendGathered();
    await this.#writing;
    await this.#flushing;
  }

  async settle(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#flushing]);
  }

  #sendGathered(): Promise<void> {
    const gathered = this.#gathered?.subarray(0, this.#fill) ?? new Uint8Array(0);
    this.#gathered = undefined;
    this.#fill = 0;
    return this.#send(gathered, recycle);
  }

  async #send(bytes: Uint8Array, done: (bytes: Uint8Array) => void): Promise<void> {
    await this.#writing;
    if (this.#position - this.#flushed >= flushEvery) await this.#flush();
    this.#writing = this.#write(bytes, this.#position).then(() => done(bytes));
    // The next piece or the end throws it; until then it must not count as unhandled.
    this.#writing.catch(() => {});
    this.#position += bytes.byteLength;
  }

  async #flush(): Promise<void> {
    await this.#flushing;
    this.#flushed = this.#position;
    this.#flushing = this.#handle.datasync();
    this.#flushing.catch(() => {});
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.byteLength; ) {
      const size = Math.min(largestWrite, bytes.byteLength - at);
      at += (await this.#handle.write(bytes, at, size, position + at)).bytesWritten;
    }
  }
}

/**
 * Writes the whole body from the file's beginning. `ours` runs the writing calls, so that their failures can be
 * distinguished from those of the source, which pass unchanged; either way the source is returned.
 */
export async function writeBody(
  handle: Output,
  body: Body,
  ours: (work: () => Promise<void>) => Promise<void>,
): Promise<void> {
  const writer = new BodyWriter(handle, !(body instanceof Uint8Array));
  try {
    if (body instanceof Uint8Array) await ours(() => writer.push(body));
    else for await (const chunk of body) await ours(() => writer.push(chunk));
    await ours(() => writer.end());
  } finally {
    await writer.settle();
  }
}
