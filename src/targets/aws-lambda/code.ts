import type { FunctionCode } from '@aws-sdk/client-lambda';
import { lambdaBudget } from '../../package/budget.ts';
import { readPackage } from '../../package/package-cache.ts';
import type { PackageFile } from '../../package/package-file.ts';
import { proxiedAgents } from '../../proxy.ts';
import type { LambdaContext } from './context.ts';
import { checkRequestSize } from './sizes.ts';

/** Folder of our packages in `upload-bucket`. */
const folder = 'coldgate/packages';

/**
 * How Lambda gets the code: in the request itself up to 50 MB, above that from `upload-bucket`, an image from its registry.
 * Throws ColdgateError `package-too-large` (exit 2) for a large zip without a bucket.
 */
export async function codeOf(context: LambdaContext, from: Omit<PackageFile, 'layer'>): Promise<FunctionCode> {
  if (from.image !== undefined) return { ImageUri: from.image };
  if (from.size <= lambdaBudget.zipped) return { ZipFile: await readPackage(from) };
  checkRequestSize(context, from);
  const { uploadBucket: S3Bucket = '' } = context.settings;
  return { S3Bucket, S3Key: await upload(context, S3Bucket, from) };
}

/** Puts the zip under its digest, once: what is there under that name is the same bytes, since S3 has checked them. */
async function upload(context: LambdaContext, Bucket: string, from: PackageFile): Promise<string> {
  const { sha256, size } = from;
  const { PutObjectCommand, S3Client } = await import('@aws-sdk/client-s3');
  const client = new S3Client({ region: context.settings.region, maxAttempts: 1, requestHandler: proxiedAgents() });
  const Key = `${folder}/${sha256}.zip`;
  const Body = await readPackage(from);
  context.log.info(`Uploading the package to s3://${Bucket}/${Key} (${Math.ceil(size / 1e6)} MB).`);
  const ChecksumSHA256 = Buffer.from(sha256, 'hex').toString('base64');
  const requestContext = { action: 's3:PutObject', resource: `arn:aws:s3:::${Bucket}/${Key}` };
  await context.calls.withRetry(async (options) => {
    try {
      await client.send(new PutObjectCommand({ Bucket, Key, Body, ChecksumSHA256, IfNoneMatch: '*' }), options);
    } catch (error) {
      if ((error as Error).name !== 'PreconditionFailed') throw error;
    }
  }, requestContext);
  return Key;
}
