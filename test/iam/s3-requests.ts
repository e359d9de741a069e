import type { Recorded } from '../emulators/fault.ts';
import type { Access } from './evaluate.ts';

/** What of S3's requests needs which permission: the "Permissions" of each under
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html */
interface Kind {
  is: (request: Recorded) => boolean;
  /** Of the object, or of the bucket for a listing. */
  actions: readonly string[];
}

const matches =
  (method: string, ...parameters: string[]) =>
  (request: Recorded): boolean =>
    request.method === method && parameters.every((name) => request.query.has(name));

/** The first that fits. */
const kinds: readonly Kind[] = [
  // HeadBucket: S3 names the region in its refusal, too, which is all that is read of it
  { is: ({ method, path }) => method === 'HEAD' && /^\/[^/]+\/?$/.test(path), actions: [] },
  // ListObjectsV2
  { is: (request) => request.query.get('list-type') === '2', actions: ['s3:ListBucket'] },
  // CreateMultipartUpload, CompleteMultipartUpload; UploadPart; AbortMultipartUpload
  { is: matches('POST', 'uploads'), actions: ['s3:PutObject', 'kms:GenerateDataKey'] },
  { is: matches('POST', 'uploadId'), actions: ['s3:PutObject', 'kms:Decrypt'] },
  { is: matches('PUT', 'uploadId', 'partNumber'), actions: ['s3:PutObject', 'kms:Decrypt'] },
  { is: matches('DELETE', 'uploadId'), actions: ['s3:AbortMultipartUpload'] },
  // PutObject; a condition on what is there needs s3:GetObject too
  {
    is: (request) => request.method === 'PUT' && 'if-match' in request.headers,
    actions: ['s3:PutObject', 's3:GetObject', 'kms:GenerateDataKey'],
  },
  { is: matches('PUT'), actions: ['s3:PutObject', 'kms:GenerateDataKey'] },
  { is: matches('DELETE'), actions: ['s3:DeleteObject'] },
  // GetObject, HeadObject
  { is: matches('GET'), actions: ['s3:GetObject', 'kms:Decrypt'] },
  { is: matches('HEAD'), actions: ['s3:GetObject', 'kms:Decrypt'] },
];

/** Of no object, or of another kind than those above. */
const known = new Set([
  'list-type',
  'prefix',
  'max-keys',
  'continuation-token',
  'encoding-type',
  'uploads',
  'uploadId',
]);
/** A link carries its signature, and has the rights of who signed it. */
const ofLink = /^x-amz-/i;
const more = new Set(['partNumber', 'x-id', 'versionId']);

export interface S3Setting {
  region: string;
  /** ARN of the bucket's key, where it has one. */
  kmsKey: string | undefined;
}

/** What IAM asks of a request that went by path to a server that speaks S3. Throws for a kind that is not known. */
export function s3Accesses(request: Recorded, { region, kmsKey }: S3Setting): Access[] {
  const { path, query, served } = request;
  const [, bucket = '', ...rest] = path.split('/').map(decodeURIComponent);
  const key = rest.join('/');
  const kind = kinds.find(({ is }) => is(request));
  const names = [...query.keys()].filter((name) => !ofLink.test(name));
  const strange = names.filter((name) => !known.has(name) && !more.has(name));
  if (!kind || strange.length > 0) throw new Error(`unknown to the table: ${request.method} ${path}?${query}`);
  const listing = kind.actions[0] === 's3:ListBucket';
  const list = (prefix: string): Access => ({
    action: 's3:ListBucket',
    resource: `arn:aws:s3:::${bucket}`,
    context: { 's3:prefix': prefix },
  });
  if (listing) return [list(query.get('prefix') ?? '')];
  const accesses = kind.actions.flatMap((action): Access[] => {
    if (!action.startsWith('kms:')) return [{ action, resource: `arn:aws:s3:::${bucket}/${key}` }];
    const via = `s3.${region}.amazonaws.com`;
    return kmsKey ? [{ action, resource: kmsKey, context: { 'kms:ViaService': via } }] : [];
  });
  // "Missing" is said only to those who may list; the driver must be told so.
  return served === 404 && request.method !== 'PUT' ? [...accesses, list(key)] : accesses;
}
