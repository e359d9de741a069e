import { GetObjectCommand } from '@aws-sdk/client-s3';
import { exitCodes } from '../../errors.ts';
import { StoreError } from '../store.ts';
import type { S3Context } from './context.ts';
import { explained } from './send.ts';

/** Longest validity that signature version 4 takes, seconds. */
const longest = 7 * 24 * 60 * 60;

/** Signs a read of the object. Asks the server nothing. */
export async function signRead(context: S3Context, key: string, seconds: number): Promise<string> {
  const { place, retrying } = context;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longest) {
    const message = `A link to ${key} in ${place.url} can be valid for 1 to ${longest} seconds (7 days), not ${seconds}.`;
    throw new StoreError('bad-validity', exitCodes.usage, message, { store: place.url, key });
  }
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.nameOf(key) });
  const requestContext = { action: 'GetObject', key } as const;
  return explained(context, requestContext, () => getSignedUrl(retrying, command, { expiresIn: seconds }));
}
