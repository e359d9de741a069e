import { ChunkPool, recycle } from './chunk-pool.ts';
import type { Body } from './store.ts';

/**
 * Cuts a body into pieces of exactly so many bytes, only the last one shorter, for uploads in parts; an empty body
 * gives none. `bytes` may depend on how many pieces came before. One piece is gathered at a time, so memory is what the
 * consumer holds and one piece more. A chunk that comes as exactly the piece wanted is passed on as it is: copying 1
 * GiB costs a tenth of what hashing and sending it does. A piece belongs to its consumer, which may `recycle` those of
 * a stream once their bytes are stored; pieces of a Uint8Array are views of the caller's memory. The body is closed
 * when it fails or the pieces are abandoned; a caller that never asks for the first piece calls `cancelBody`, since a
 * generator that was not started cannot.
 */
export async function* pieces(body: Body, bytes: number | ((before: number) => number)): AsyncGenerator<Uint8Array> {
  const sizeOf = typeof bytes === 'number' ? () => bytes : bytes;
  if (body instanceof Uint8Array) yield* views(body, sizeOf);
  else yield* gathered(body, sizeOf);
}

function* views(body: Uint8Array, sizeOf: (before: number) => number): Generator<Uint8Array> {
  for (let at = 0, before = 0; at < body.byteLength; before += 1) {
    const piece = body.subarray(at, at + sizeOf(before));
    at += piece.byteLength;
    yield piece;
  }
}

async function* gathered(
  body: AsyncIterable<Uint8Array>,
  sizeOf: (before: number) => number,
): AsyncGenerator<Uint8Array> {
  const gathering = new Gathering(sizeOf);
  /** A chunk smaller than a piece, which is all of it where no other follows. */
  let single: Uint8Array | undefined;
  for await (const chunk of body) {
    const atBegin = gathering.isEmpty && !single;
    if (atBegin && chunk.byteLength === gathering.size) {
      yield chunk;
      gathering.passed();
    } else if (atBegin && chunk.byteLength < gathering.size) single = chunk;
    else {
      if (single) yield* gathering.add(single);
      single = undefined;
      yield* gathering.add(chunk);
    }
  }
  const last = single ?? gathering.rest;
  if (last) yield last;
}

/** The piece that chunks are copied into. */
class Gathering {
  readonly #sizeOf: (before: number) => number;
  #piece: Uint8Array | undefined;
  #fill = 0;
  #before = 0;
  /** Bytes of the piece. */
  size: number;

  constructor(sizeOf: (before: number) => number) {
    this.#sizeOf = sizeOf;
    this.size = sizeOf(0);
  }

  get isEmpty(): boolean {
    return this.#fill === 0;
  }

  get rest(): Uint8Array | undefined {
    return this.#piece?.subarray(0, this.#fill);
  }

  /** A piece has been passed on: this one, or one that was none of ours. */
  passed(): void {
    this.#piece = undefined;
    this.#fill = 0;
    this.#before += 1;
    this.size = this.#sizeOf(this.#before);
  }

  *add(chunk: Uint8Array): Generator<Uint8Array> {
    for (let at = 0; at < chunk.byteLength; ) {
      this.#piece ??= ChunkPool.of(this.size).take();
      const part = chunk.subarray(at, at + this.size - this.#fill);
      this.#piece.set(part, this.#fill);
      this.#fill += part.byteLength;
      at += part.byteLength;
      if (this.#fill < this.size) continue;
      yield this.#piece;
      this.passed();
    }
    recycle(chunk);
  }
}
