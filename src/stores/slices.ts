import { Readable } from 'node:stream';

/** Small enough that a slow connection still moves one now and then; bytes. */
const sliceBytes = 256 * 1024;

/** Bytes as a stream of views of them, so that it shows how far sending them has come. */
export function inSlices(parts: readonly Uint8Array[]): Readable {
  return Readable.from(slicesOf(parts), { objectMode: true, highWaterMark: 1 });
}

function* slicesOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.byteLength; at += sliceBytes) yield part.subarray(at, at + sliceBytes);
  }
}
