import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { readFailure } from './answer.ts';
import type { S3Context } from './context.ts';
import { explain } from './fault.ts';

/**
 * Region of the bucket. S3 names it in its refusals as well, so that no permission is needed; undefined of servers that
 * do not name one. https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
 */
export async function locateBucket(context: S3Context): Promise<string | undefined> {
  try {
    const { BucketRegion } = await context.retrying.send(new HeadBucketCommand({ Bucket: context.place.bucket }));
    return BucketRegion;
  } catch (thrown) {
    const { region } = readFailure(thrown);
    if (region !== undefined) return region;
    throw explain(thrown, context, { action: 'HeadBucket' });
  }
}
