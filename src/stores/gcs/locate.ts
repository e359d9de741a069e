import { repeat } from './commit.ts';
import type { GcsContext } from './context.ts';
import { sendForJson } from './http.ts';

/** Location of the bucket in lower case: a region, or several (`eu`). Needs storage.buckets.get. */
export async function locateBucket(context: GcsContext): Promise<string | undefined> {
  const path = `/storage/v1/b/${context.place.bucket}`;
  const request = { method: 'GET', path, query: { fields: 'location' } } as const;
  const bucket = await repeat(context, { verb: 'locate' }, () => sendForJson<{ location?: string }>(context, request));
  return bucket.location?.toLowerCase();
}
