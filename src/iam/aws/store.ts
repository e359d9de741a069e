import { patternOf, type StoreGrants, unique } from '../grants.ts';
import { bucketRef, type Subject } from '../subject.ts';
import { accountOf } from './account.ts';
import type { Statement } from './policy.ts';

/**
 * Permissions of S3's requests; https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 * A conditional write reads what it compares with, so every writer needs to read too.
 */
export function s3Statements(subject: Subject, grants: StoreGrants): Statement[] {
  const { partition } = accountOf(subject);
  const bucket = `arn:${partition}:s3:::${bucketRef(subject.store).bucket}`;
  const objects = (keys: StoreGrants['read']) => keys.map((k) => `${bucket}/${patternOf(k)}`);
  const written = objects(unique([...grants.create, ...grants.replace]));
  const statements: Statement[] = [
    { Sid: 'ReadObjects', Effect: 'Allow', Action: ['s3:GetObject'], Resource: objects(grants.read) },
    {
      Sid: 'ListPrefixes',
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: grants.list.length > 0 ? [bucket] : [],
      Condition: { StringLike: { 's3:prefix': grants.list.map(patternOf) } },
    },
    { Sid: 'WriteObjects', Effect: 'Allow', Action: ['s3:PutObject'], Resource: written },
    // A multipart upload that fails is aborted, so that its parts are not billed.
    { Sid: 'AbortUploads', Effect: 'Allow', Action: ['s3:AbortMultipartUpload'], Resource: objects(grants.parts) },
    { Sid: 'DeleteObjects', Effect: 'Allow', Action: ['s3:DeleteObject'], Resource: objects(grants.remove) },
  ];
  return statements.filter(({ Resource = [] }) => Resource.length > 0);
}

/**
 * The bucket's key, where the store names one. Parts of an upload are encrypted and read back, so writers decrypt too:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
 */
export function kmsStatements(subject: Subject, { read, create, replace }: StoreGrants): Statement[] {
  const { kmsKey } = subject.store;
  if (kmsKey === undefined || read.length === 0) return [];
  const writes = create.length + replace.length > 0;
  const { partition, id = '*', region } = accountOf(subject);
  const isAlias = /(?:^|:)alias\//.test(kmsKey);
  const name = kmsKey.replace(/^arn:.*?:(?:key|alias)\/|^alias\//, '');
  const arn = (rest: string) => `arn:${partition}:kms:${region ?? '*'}:${id}:${rest}`;
  const key = kmsKey.startsWith('arn:') && !isAlias ? kmsKey : arn(isAlias ? 'key/*' : `key/${name}`);
  const domain = partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  const via = `s3.${region ?? '*'}.${domain}`;
  return [
    {
      Sid: 'UseStoreKey',
      Effect: 'Allow',
      Action: ['kms:Decrypt', ...(writes ? ['kms:GenerateDataKey'] : [])],
      Resource: [key],
      Condition: {
        StringLike: { 'kms:ViaService': via },
        ...(isAlias && { 'ForAnyValue:StringEquals': { 'kms:ResourceAliases': `alias/${name}` } }),
      },
    },
  ];
}
