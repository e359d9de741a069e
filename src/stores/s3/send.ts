import { createHash } from 'node:crypto';
import type { S3Context } from './context.ts';
import type { RequestContext } from './denial.ts';
import { explain } from './fault.ts';

/** Runs a request; throws the store error for its failure. */
export async function explained<T>(
  context: S3Context,
  requestContext: RequestContext,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw explain(thrown, context, requestContext);
  }
}

/**
 * The bytes of a request with the digest that the server must find: it is the object's checksum and, in hex, what the
 * signature covers. Servers that know nothing of checksums check the signature, so one hash serves both; a CRC would
 * come on top of it.
 */
export function checked(bytes: Uint8Array): { Body: Uint8Array; ContentLength: number; ChecksumSHA256: string } {
  const ChecksumSHA256 = createHash('sha256').update(bytes).digest('base64');
  return { Body: bytes, ContentLength: bytes.byteLength, ChecksumSHA256 };
}
