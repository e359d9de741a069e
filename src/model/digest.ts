import type { Hash } from 'node:crypto';

/** Loads node:crypto when first called: that takes 4 ms, which a function's start only pays where it hashes. */
export const newSha256 = (): Hash => process.getBuiltinModule('node:crypto').createHash('sha256');

/** Hex sha256 of bytes in memory. */
export const sha256 = (bytes: Uint8Array | string): string => newSha256().update(bytes).digest('hex');

/** Passes chunks through and knows their digest and count once the stream has ended: hash and upload in one pass. */
export class Hashing {
  readonly #hash = newSha256();
  #hex: string | undefined;
  size = 0;

  async *through(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      this.#hash.update(chunk);
      this.size += chunk.byteLength;
      yield chunk;
    }
  }

  /** Hex. Call after the stream has ended. */
  get sha256(): string {
    this.#hex ??= this.#hash.digest('hex');
    return this.#hex;
  }
}
