import type { IncomingHttpHeaders } from 'node:http';
import { type Answer, type Protocol, ScriptedServer } from './script-server.ts';

/** An error document as S3 words it. */
export const s3Error = (status: number, code: string, message = 'words of S3', more = ''): Answer => ({
  status,
  headers: { 'content-type': 'application/xml', 'x-amz-request-id': 'REQ1' },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${message}</Message>${more}</Error>`,
});

const modified = 'Tue, 24 Nov 2026 08:00:00 GMT';

/** What describes an object of so many bytes. */
export const described = (size: number, etag = '"e1"') => ({
  etag,
  'content-length': String(size),
  'last-modified': modified,
});

const xml = (body: string): Answer => ({ status: 200, headers: { 'content-type': 'application/xml' }, body });

const usual: Record<string, Answer> = {
  PutObject: { status: 200, headers: { etag: '"e1"' } },
  UploadPart: { status: 200, headers: { etag: '"p"' } },
  CreateMultipartUpload: xml('<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>'),
  CompleteMultipartUpload: xml('<CompleteMultipartUploadResult><ETag>"e1-2"</ETag></CompleteMultipartUploadResult>'),
  UploadPartCopy: xml('<CopyPartResult><ETag>"p"</ETag></CopyPartResult>'),
  AbortMultipartUpload: { status: 204 },
  DeleteObject: { status: 204 },
  HeadObject: { status: 404 },
  GetObject: s3Error(404, 'NoSuchKey'),
  ListObjectsV2: xml('<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>'),
};

/** Just enough of S3. */
const s3Protocol: Protocol = {
  actionOf(method, { searchParams: query }, headers: IncomingHttpHeaders) {
    const copied = headers['x-amz-copy-source'] !== undefined;
    if (query.has('uploads')) return 'CreateMultipartUpload';
    if (query.has('uploadId')) {
      const forms: Record<string, string> = {
        PUT: copied ? 'UploadPartCopy' : 'UploadPart',
        DELETE: 'AbortMultipartUpload',
      };
      return forms[method] ?? 'CompleteMultipartUpload';
    }
    if (query.get('list-type') === '2') return 'ListObjectsV2';
    return { PUT: 'PutObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[method] ?? 'GetObject';
  },

  usual: (action) => usual[action]!,
};

/** A server on which a test says what S3 answers; for the rest it is an empty bucket that takes everything. */
export class ScriptedS3 extends ScriptedServer {
  constructor() {
    super(s3Protocol);
  }
}
