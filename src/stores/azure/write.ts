import { createHash } from 'node:crypto';
import { commitWrite } from '../commit-write.ts';
import { inSlices } from '../slices.ts';
import { type ObjectMeta, type Precondition, type Token, UnavailableError } from '../store.ts';
import { type AzureContext, blobOf, scopeOf } from './context.ts';
import type { RequestContext } from './denial.ts';
import { judgeWrite } from './fault.ts';
import { request } from './request.ts';
import { conditionsOf, tokenOf } from './token.ts';

export const md5Of = (bytes: Uint8Array): Uint8Array => createHash('md5').update(bytes).digest();

/** What is kept with the blob. There is no content encoding in it: the bytes are those that were hashed (docs/facts.md P10). */
export function headersOf({ contentType, cacheControl }: ObjectMeta, md5: Uint8Array | undefined) {
  return {
    ...(contentType === undefined ? {} : { blobContentType: contentType }),
    ...(cacheControl === undefined ? {} : { blobCacheControl: cacheControl }),
    ...(md5 === undefined ? {} : { blobContentMD5: md5 }),
  };
}

export const askedFor = (key: string, when: Precondition): RequestContext & { key: string } => ({
  verb: when === 'absent' ? 'create' : 'replace',
  key,
});

/** Bytes for the SDK, which asks for them when it sends; in slices, so that it can report progress. */
export const sending = (bytes: Uint8Array) => () => inSlices([bytes]);

/** Writes a blob in one request, which carries its checksum for the service to compare. */
export async function writeWhole(
  context: AzureContext,
  key: string,
  bytes: Uint8Array,
  when: Precondition,
  meta: ObjectMeta,
): Promise<Token> {
  const md5 = md5Of(bytes);
  const blob = blobOf(context, key);
  const fixed = {
    ...scopeOf(context),
    conditions: conditionsOf(context, key, when),
    blobHTTPHeaders: headersOf(meta, md5),
    transactionalContentMD5: md5,
  };
  const send = () =>
    request(context, askedFor(key, when), (options) =>
      blob.upload(sending(bytes), bytes.byteLength, { ...fixed, ...options }),
    );
  const { attempts } = context.limits;
  return writtenToken(context, key, await commitWrite(send, judgeWrite(context, key, when), { attempts }));
}

/** The token of a write. Throws UnavailableError where the response does not contain it. */
export function writtenToken({ place }: AzureContext, key: string, { etag }: { etag?: string | undefined }): Token {
  if (etag) return tokenOf(etag);
  const message = `${key} in ${place.url} was written, but the server did not say which ETag it has.`;
  throw new UnavailableError(message, { store: place.url, key });
}
