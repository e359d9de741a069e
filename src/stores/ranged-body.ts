import type { Readable } from 'node:stream';
import { chunksWithIdleTimeout } from './idle-timeout.ts';

/** One state of an object, for reading its bytes. */
export interface RangedObject {
  /** Bytes. */
  size: number;
  /** Bytes of one range; the answer that opened the object brings the first. */
  rangeBytes: number;
  /** Longest silence of a connection, ms. */
  stallMs: number;
  /** Ranges that may still be read ahead by all readers of the store. */
  ahead: { free: number };
  /** Asks for the bytes from `from` up to `to` of this very state; throws where it is no longer there. */
  open(from: number, to: number, stop: AbortSignal): Promise<Readable>;
  /** What to throw when no more bytes come. */
  cutShort(at: number, cause: unknown): Error;
}

/** Connections in a row that bring no byte before reading is given up. */
const timeoutMs = 4;

/**
 * The bytes of an object. Of a large one the ranges after the first come several at a time, because one connection to a
 * cloud store is slower than most networks; a connection that is cut or falls silent is followed by another for the
 * rest. Closes its connections at the end, on a failure and when it is returned, even before the first chunk.
 */
export class RangedBody implements AsyncIterableIterator<Uint8Array> {
  readonly #first: Readable;
  readonly #stop = new AbortController();
  readonly #bytes: AsyncGenerator<Uint8Array>;

  /** Takes the answer that brings the first range, or all where that is less. */
  constructor(object: RangedObject, first: Readable) {
    this.#first = first;
    // Its failure is reported to the next reader; until then it must not count as unhandled.
    first.on('error', () => {});
    this.#bytes = inRanges(object, this.#stop, first);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    return this.#bytes.next();
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#stop.abort();
    this.#first.destroy();
    await this.#bytes.return(undefined).catch(() => {});
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function* inRanges(object: RangedObject, stop: AbortController, first: Readable): AsyncGenerator<Uint8Array> {
  const begun = Math.min(object.size, object.rangeBytes);
  // What has no bytes is not read: so its connection can be used again.
  if (begun === 0) first.resume();
  const rest = new ReadAhead(object, stop, begun);
  try {
    rest.fill();
    yield* readRange(object, stop.signal, 0, begun, first);
    while (rest.hasMore()) yield* rest.nextRange();
  } finally {
    rest.leave();
  }
}

/** The bytes from `from` up to `to`, in order, over as many connections as it takes. */
async function* readRange(
  object: RangedObject,
  stop: AbortSignal,
  from: number,
  to: number,
  begun?: Readable,
): AsyncGenerator<Uint8Array> {
  let stream = begun;
  let at = from;
  for (let barren = 0; at < to; ) {
    const before = at;
    let failure: unknown;
    stream ??= await object.open(at, to, stop);
    try {
      for await (const chunk of chunksWithIdleTimeout(stream, object.stallMs)) {
        if (at === to) break;
        const part = chunk.subarray(0, to - at);
        at += part.byteLength;
        yield part;
      }
    } catch (thrown) {
      failure = thrown;
    }
    stream = undefined;
    if (at === to) return;
    barren = at > before ? 0 : barren + 1;
    if (barren === timeoutMs || stop.aborted) throw object.cutShort(at, failure);
    if (barren > 0) await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** barren));
  }
}

/** Ranges that are gathered in memory before their turn, as many as the store's budget allows. */
class ReadAhead {
  readonly #object: RangedObject;
  readonly #stop: AbortController;
  readonly #waiting: Promise<Uint8Array[]>[] = [];
  #next: number;

  constructor(object: RangedObject, stop: AbortController, from: number) {
    this.#object = object;
    this.#stop = stop;
    this.#next = from;
  }

  hasMore(): boolean {
    return this.#waiting.length > 0 || this.#next < this.#object.size;
  }

  fill(): void {
    const { ahead, size } = this.#object;
    for (; ahead.free > 0 && this.#next < size; ahead.free -= 1) {
      const range = this.#gather(...this.#take());
      // Thrown when its turn comes.
      range.catch(() => {});
      this.#waiting.push(range);
    }
  }

  async *nextRange(): AsyncGenerator<Uint8Array> {
    const range = this.#waiting.shift();
    // Other readers may hold the whole budget and wait for this one: so it continues without.
    if (!range) return yield* readRange(this.#object, this.#stop.signal, ...this.#take());
    try {
      yield* await range;
    } finally {
      this.#object.ahead.free += 1;
    }
    this.fill();
  }

  leave(): void {
    if (this.#waiting.length > 0) this.#stop.abort();
    this.#object.ahead.free += this.#waiting.length;
  }

  async #gather(from: number, to: number): Promise<Uint8Array[]> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of readRange(this.#object, this.#stop.signal, from, to)) chunks.push(chunk);
    return chunks;
  }

  #take(): [from: number, to: number] {
    const from = this.#next;
    this.#next = Math.min(this.#object.size, from + this.#object.rangeBytes);
    return [from, this.#next];
  }
}
