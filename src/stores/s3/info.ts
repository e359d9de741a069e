import type { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { type ObjectInfo, UnavailableError } from '../store.ts';
import { readFailure } from './answer.ts';
import type { S3Context } from './context.ts';
import type { RequestContext } from './denial.ts';
import { explain } from './fault.ts';
import { tokenOf } from './token.ts';

interface Described {
  ETag?: string | undefined;
  ContentLength?: number | undefined;
  Size?: number | undefined;
  LastModified?: Date | undefined;
  ContentType?: string | undefined;
  CacheControl?: string | undefined;
}

/** The object that an answer describes. Throws UnavailableError for an answer that lacks what every S3 server gives. */
export function infoOf(
  context: S3Context,
  requestContext: RequestContext & { key: string },
  answer: Described,
): ObjectInfo {
  const { key, action } = requestContext;
  const { ETag, LastModified, ContentType, CacheControl } = answer;
  const size = answer.ContentLength ?? answer.Size;
  if (!ETag || size === undefined || !LastModified) {
    const message = `${key} in ${context.place.url}: the answer to ${action} lacks the object’s ETag, size or date.`;
    throw new UnavailableError(message, { store: context.place.url, key });
  }
  const meta = {
    ...(ContentType === undefined ? {} : { contentType: ContentType }),
    ...(CacheControl === undefined ? {} : { cacheControl: CacheControl }),
  };
  return { key, size, token: tokenOf(ETag), modified: LastModified, meta };
}

/**
 * Undefined where there is no object. S3 does not report whether there is a bucket: responses to this request have no
 * body.
 */
export async function headObject(context: S3Context, key: string): Promise<ObjectInfo | undefined> {
  const { place, retrying } = context;
  const object = { Bucket: place.bucket, Key: place.nameOf(key) };
  const requestContext = { action: 'HeadObject', key } as const;
  try {
    return infoOf(context, requestContext, await retrying.send(new HeadObjectCommand(object)));
  } catch (thrown) {
    const { status } = readFailure(thrown);
    if (status === 404) return undefined;
    throw explain(
      status >= 400 && status < 500 ? await inWords(context, object, thrown) : thrown,
      context,
      requestContext,
    );
  }
}

/** The same refusal with S3's message, from a response with a body: who may not do what, and where the bucket is. */
async function inWords(
  { retrying }: S3Context,
  object: { Bucket: string; Key: string },
  thrown: unknown,
): Promise<unknown> {
  try {
    const { Body } = await retrying.send(new GetObjectCommand({ ...object, Range: 'bytes=0-0' }));
    (Body as Readable).destroy();
    return thrown;
  } catch (worded) {
    return readFailure(worded).status === readFailure(thrown).status ? worded : thrown;
  }
}
