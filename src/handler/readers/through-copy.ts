import { LoadError, type LoadErrorCode } from '../model/load-error.ts';
import type { Reader } from './reader.ts';

/** What a copy of the store can be the reason for. `document-unusable`: it is far too large. */
const faults: ReadonlySet<LoadErrorCode> = new Set(['store-unavailable', 'checksum-mismatch', 'document-unusable']);

/**
 * Reads what has a known digest: through the copy of the store where there is one, and from the store itself where that
 * fails or gives other bytes, which costs one line of the log and, for some minutes, the copy. `read` throws LoadError
 * unless the bytes have their digest. Errors that `isOurs` recognises have nothing to do with the copy.
 */
export async function throughCopy<T>(
  store: Reader,
  read: (reader: Reader) => Promise<T>,
  isOurs: (error: unknown) => boolean = () => false,
): Promise<T> {
  const { copy } = store;
  const through = copy?.reader;
  if (!copy || !through) return read(store);
  try {
    return await read(through);
  } catch (error) {
    if (!(error instanceof LoadError) || !faults.has(error.code) || isOurs(error)) throw error;
    copy.failed(error);
    return read(store);
  }
}
