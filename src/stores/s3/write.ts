import { PutObjectCommand } from '@aws-sdk/client-s3';
import { commitWrite } from '../commit-write.ts';
import { type ObjectMeta, type Precondition, type Token, UnavailableError } from '../store.ts';
import { type Condition, conditionHeaders, withEtagForm } from './condition.ts';
import type { S3Context } from './context.ts';
import { judgeWrite } from './fault.ts';
import { headObject } from './info.ts';
import { checked } from './send.ts';
import { tokenOf } from './token.ts';

/** Where and with what an object is made. */
export function objectHeaders({ place, encryption }: S3Context, key: string, meta: ObjectMeta) {
  const { contentType, cacheControl } = meta;
  return {
    Bucket: place.bucket,
    Key: place.nameOf(key),
    ...encryption,
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
  };
}

/** Writes an object in one request. */
export async function writeWhole(
  context: S3Context,
  key: string,
  bytes: Uint8Array,
  condition: Condition,
  meta: ObjectMeta,
): Promise<Token> {
  const object = { ...objectHeaders(context, key, meta), ...checked(bytes) };
  const when: Precondition = condition === 'absent' ? condition : { unchanged: tokenOf(condition.etag) };
  const judge = judgeWrite(context, { action: 'PutObject', key }, when);
  const send = () => context.once.send(new PutObjectCommand({ ...object, ...conditionHeaders(context, condition) }));
  const { attempts } = context.limits;
  const written = await withEtagForm(context, key, condition, () => commitWrite(send, judge, { attempts }));
  return writtenToken(context, key, written.ETag, bytes.byteLength);
}

/**
 * The token of a write. Ceph answers some completions with an empty ETag, so that the object is asked for it. Throws
 * UnavailableError where what is there now is not of our size.
 */
export async function writtenToken(
  context: S3Context,
  key: string,
  etag: string | undefined,
  size: number,
): Promise<Token> {
  if (etag !== undefined && etag !== '' && etag !== '""') return tokenOf(etag);
  const found = await headObject(context, key);
  if (found?.size === size) return found.token;
  const message = `${key} in ${context.place.url} was written, but the server did not say which ETag it has.`;
  throw new UnavailableError(message, { store: context.place.url, key });
}
