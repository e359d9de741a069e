import { GetObjectCommand } from '@aws-sdk/client-s3';
import { exitCodes } from '../../errors.ts';
import { type SignedUrl, StoreError } from '../store.ts';
import type { S3Context } from './context.ts';
import { explained } from './send.ts';

/** Longest validity that signature version 4 takes, seconds. */
const longest = 7 * 24 * 60 * 60;

/**
 * The end of the session that signs: a URL of S3 dies with it, whatever its own end says. Temporary credentials that end
 * before are asked for once more. Undefined for the keys of a user.
 */
async function sessionEnd({ retrying }: S3Context, end: Date): Promise<Date | undefined> {
  const { expiration } = await retrying.config.credentials();
  if (expiration === undefined || expiration >= end) return undefined;
  const renewed = (await retrying.config.credentials({ forceRefresh: true })).expiration;
  return renewed !== undefined && renewed < end ? renewed : undefined;
}

/** Signs a read of the object. Asks the server nothing. */
export async function signRead(context: S3Context, key: string, seconds: number): Promise<SignedUrl> {
  const { place, retrying } = context;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > longest) {
    const message = `A link to ${key} in ${place.url} can be valid for 1 to ${longest} seconds (7 days), not ${seconds}.`;
    throw new StoreError('bad-validity', exitCodes.usage, message, { store: place.url, key });
  }
  const { getSignedUrl } = await import('@aws-sdk/s3-request-presigner');
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.nameOf(key) });
  const requestContext = { action: 'GetObject', key } as const;
  return explained(context, requestContext, async () => {
    const end = new Date(Date.now() + seconds * 1000);
    const session = await sessionEnd(context, end);
    const url = await getSignedUrl(retrying, command, { expiresIn: seconds });
    if (session === undefined) return { url, expires: end };
    return { url, expires: session, endsWith: 'the session of these credentials (role-duration-seconds of the login)' };
  });
}
