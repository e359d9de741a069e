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
  let size = sizeOf(0);
  let pool = new ChunkPool(size);
  let piece: Uint8Array | undefined;
  let fill = 0;
  let before = 0;
  const next = () => {
    before += 1;
    if (sizeOf(before) === size) return;
    size = sizeOf(before);
    pool = new ChunkPool(size);
  };
  for await (const chunk of body) {
    if (fill === 0 && chunk.byteLength === size) {
      yield chunk;
      next();
      continue;
    }
    for (let at = 0; at < chunk.byteLength; ) {
      piece ??= pool.take();
      const part = chunk.subarray(at, at + size - fill);
      piece.set(part, fill);
      fill += part.byteLength;
      at += part.byteLength;
      if (fill < size) continue;
      yield piece;
      piece = undefined;
      fill = 0;
      next();
    }
    recycle(chunk);
  }
  if (piece) yield piece.subarray(0, fill);
}
