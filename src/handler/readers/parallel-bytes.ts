import type { Answer } from './answer.ts';
import { chunkBytes } from './chunks.ts';
import type { RangedObject } from './ranged-object.ts';

/**
 * The whole object in order, its parts fetched beside each other. No more parts are held than are on their way at a time,
 * in buffers used in turn: a chunk may be overwritten once the next but one has been asked for. `first` has begun at
 * byte 0. Throws what RangedObject throws, as soon as one part fails, whichever it is; the others are not read on then.
 */
export async function* parallelBytes(object: RangedObject, first: Answer): AsyncGenerator<Uint8Array> {
  const { partBytes, parts } = object.limits;
  const count = Math.ceil(object.size / partBytes);
  const buffers = Array.from({ length: Math.min(parts, count) }, () => Buffer.allocUnsafeSlow(partBytes));
  const whole = new Whole();
  const start = (index: number): Part => {
    const from = index * partBytes;
    const to = Math.min(from + partBytes, object.size);
    const buffer = (buffers[index % parts] as Buffer).subarray(0, to - from);
    return new Part(whole, buffer, object.bytes(from, to, index === 0 ? first : undefined));
  };
  const coming = buffers.map((_, index) => start(index));
  // At least two chunks to a part, see below.
  const step = Math.min(chunkBytes, Math.ceil(partBytes / 2));
  try {
    for (let index = 0; index < count; index++) {
      const part = coming[index % parts] as Part;
      for (let at = 0; at < part.size; at += step) {
        yield await part.slice(at, Math.min(at + step, part.size));
        // A consumer that asks for a part's second chunk has finished with the part before it.
        const next = index - 1 + parts;
        if (at === 0 && index > 0 && next < count) coming[next % parts] = start(next);
      }
    }
  } finally {
    whole.end({ error: undefined });
  }
}

/** What the parts have in common: they end together. */
class Whole {
  ended: { error: unknown } | undefined;
  readonly #parts: (() => void)[] = [];

  /** Called when the download is over for all of them. */
  onEnd(wake: () => void): void {
    this.#parts.push(wake);
  }

  end(reason: { error: unknown }): void {
    this.ended ??= reason;
    for (const wake of this.#parts.splice(0)) wake();
  }
}

/** A part on its way into its buffer. */
class Part {
  readonly size: number;
  readonly #whole: Whole;
  readonly #buffer: Buffer;
  #filled = 0;
  #wake: () => void = () => {};

  constructor(whole: Whole, buffer: Buffer, bytes: AsyncIterable<Buffer>) {
    this.#whole = whole;
    this.#buffer = buffer;
    whole.onEnd(() => this.#wake());
    this.size = buffer.byteLength;
    void this.#fill(bytes);
  }

  /** The bytes from `from` to `to`, once they are there. Throws what fetching any part threw. */
  async slice(from: number, to: number): Promise<Uint8Array> {
    while (this.#filled < to && !this.#whole.ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#whole.ended) throw this.#whole.ended.error;
    return this.#buffer.subarray(from, to);
  }

  async #fill(bytes: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const chunk of bytes) {
        // Leaving closes the connection.
        if (this.#whole.ended) return;
        this.#buffer.set(chunk, this.#filled);
        this.#filled += chunk.byteLength;
        this.#wake();
      }
    } catch (error) {
      this.#whole.end({ error });
    }
    this.#wake();
  }
}
