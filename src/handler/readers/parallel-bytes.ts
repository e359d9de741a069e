import type { Answer } from './answer.ts';
import { chunkBytes } from './chunks.ts';
import type { RangedObject } from './ranged-object.ts';

/**
 * The whole object in order, its parts fetched beside each other. No more parts are held than are on their way at a time,
 * in buffers used in turn: a chunk may be overwritten once the next but one has been asked for. `first` has begun at
 * byte 0. Throws what RangedObject throws.
 */
export async function* parallelBytes(object: RangedObject, first: Answer): AsyncGenerator<Uint8Array> {
  const { partBytes, parts } = object.limits;
  const count = Math.ceil(object.size / partBytes);
  const buffers = Array.from({ length: Math.min(parts, count) }, () => Buffer.allocUnsafeSlow(partBytes));
  const start = (index: number): Part => {
    const from = index * partBytes;
    const to = Math.min(from + partBytes, object.size);
    const buffer = (buffers[index % parts] as Buffer).subarray(0, to - from);
    return new Part(buffer, object.bytes(from, to, index === 0 ? first : undefined));
  };
  const coming = buffers.map((_, index) => start(index));
  // At least two chunks to a part, see below.
  const step = Math.min(chunkBytes, Math.ceil(partBytes / 2));
  for (let index = 0; index < count; index++) {
    const part = coming[index % parts] as Part;
    for (let at = 0; at < part.size; at += step) {
      yield await part.slice(at, Math.min(at + step, part.size));
      // Whoever asks for a part's second chunk has done with the part before it.
      const next = index - 1 + parts;
      if (at === 0 && index > 0 && next < count) coming[next % parts] = start(next);
    }
  }
}

/** A part on its way into its buffer. */
class Part {
  readonly size: number;
  readonly #buffer: Buffer;
  #filled = 0;
  #failure: { error: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(buffer: Buffer, bytes: AsyncIterable<Buffer>) {
    this.#buffer = buffer;
    this.size = buffer.byteLength;
    void this.#fill(bytes);
  }

  /** The bytes from `from` to `to`, once they are there. Throws what fetching them threw. */
  async slice(from: number, to: number): Promise<Uint8Array> {
    while (this.#filled < to && !this.#failure) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#filled < to && this.#failure) throw this.#failure.error;
    return this.#buffer.subarray(from, to);
  }

  async #fill(bytes: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const chunk of bytes) {
        this.#buffer.set(chunk, this.#filled);
        this.#filled += chunk.byteLength;
        this.#wake();
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#wake();
  }
}
