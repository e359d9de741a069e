import { Hashing } from '../../model/digest.ts';
import type { Store, Token } from '../../stores/store.ts';

export interface StoredDigest {
  sha256: string;
  /** Bytes that were read. */
  size: number;
  token: Token;
}

/**
 * Reads a stored object as a stream and returns its digest; memory stays bounded whatever its size. `onBytes` receives
 * the running count. Throws NotFoundError and what the store throws.
 */
export async function hashStored(
  store: Store,
  key: string,
  onBytes: (done: number) => void = () => {},
): Promise<StoredDigest> {
  const object = await store.get(key);
  const hashing = new Hashing();
  for await (const _chunk of hashing.through(object.body)) onBytes(hashing.size);
  return { sha256: hashing.sha256, size: hashing.size, token: object.info.token };
}
