/** A file is written and hashed chunk by chunk, so a chunk is large; over TLS bytes come by 16 KiB. */
export const chunkBytes = 1024 * 1024;

/**
 * Joins what comes into chunks of 1 MiB. Two buffers are used in turn: a chunk may be overwritten once the next but
 * one has been asked for. `size` is what comes in all, bytes.
 */
export async function* joinChunks(body: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  const length = Math.min(size, chunkBytes);
  const buffers = Array.from({ length: Math.min(2, Math.ceil(size / chunkBytes)) }, () =>
    Buffer.allocUnsafeSlow(length),
  );
  let turn = 0;
  let filled = 0;
  for await (const bytes of body) {
    for (let at = 0; at < bytes.byteLength; ) {
      const buffer = buffers[turn] as Buffer;
      const part = bytes.subarray(at, at + length - filled);
      buffer.set(part, filled);
      at += part.byteLength;
      filled += part.byteLength;
      if (filled < length) continue;
      yield buffer;
      turn = (turn + 1) % buffers.length;
      filled = 0;
    }
  }
  if (filled > 0) yield (buffers[turn] as Buffer).subarray(0, filled);
}
