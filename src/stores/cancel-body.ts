import type { Body } from './store.ts';

/**
 * Returns a body that is not read to its end, so that what it holds open (a file, a connection) is closed. A `put` that
 * refuses before it has read anything must do so; harmless for a body that has ended or was returned already.
 */
export async function cancelBody(body: Body): Promise<void> {
  if (body instanceof Uint8Array) return;
  try {
    await body[Symbol.asyncIterator]().return?.();
  } catch {
    // The refusal is what the caller should hear of, not that closing failed too.
  }
}
