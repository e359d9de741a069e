import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { NotFoundError, type ObjectInfo, UnavailableError } from '../store.ts';
import type { S3Context } from './context.ts';
import type { Asked } from './denial.ts';
import { explained } from './send.ts';
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
export function infoOf(context: S3Context, asked: Asked & { key: string }, answer: Described): ObjectInfo {
  const { key, action } = asked;
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

/** Nothing where there is no object. S3 does not say whether there is a bucket: this request has no body to say it in. */
export async function headObject(context: S3Context, key: string): Promise<ObjectInfo | undefined> {
  const { place, patient } = context;
  const asked = { action: 'HeadObject', key } as const;
  try {
    const command = new HeadObjectCommand({ Bucket: place.bucket, Key: place.nameOf(key) });
    return infoOf(context, asked, await explained(context, asked, () => patient.send(command)));
  } catch (thrown) {
    if (thrown instanceof NotFoundError) return undefined;
    throw thrown;
  }
}
