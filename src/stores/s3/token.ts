import type { Token } from '../store.ts';

/** What S3 calls an entity tag, in quotes or not; no list and no `*`, which would mean "whatever is there". */
const etagForm = /^"?[\w.+/=:-]+"?$/;

/** The token of the object that S3 answers with this ETag; opaque, and kept quoted as it came (docs/facts.md P12). */
export const tokenOf = (etag: string): Token => `s3:${etag}`;

/** The ETag of a token; undefined for the token of another kind of store, or what is no token at all. */
export function etagOf(token: Token): string | undefined {
  const etag = token.startsWith('s3:') ? token.slice('s3:'.length) : '';
  return etagForm.test(etag) ? etag : undefined;
}
