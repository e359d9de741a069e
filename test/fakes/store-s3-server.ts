import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the server got it. */
export interface Received {
  action: string;
  /** Key in the bucket, with its prefix. */
  key: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** An answer: written as given, or by hand. */
export type Answer =
  | { status: number; headers?: Record<string, string>; body?: string | Uint8Array }
  | ((request: Received, response: ServerResponse) => void | Promise<void>);

function actionOf(request: IncomingMessage, query: URLSearchParams): string {
  const copy = request.headers['x-amz-copy-source'] !== undefined;
  if (query.has('uploads')) return 'CreateMultipartUpload';
  if (query.has('uploadId')) {
    const forms: Record<string, string> = {
      PUT: copy ? 'UploadPartCopy' : 'UploadPart',
      DELETE: 'AbortMultipartUpload',
    };
    return forms[request.method ?? ''] ?? 'CompleteMultipartUpload';
  }
  if (query.get('list-type') === '2') return 'ListObjectsV2';
  return { PUT: 'PutObject', HEAD: 'HeadObject', DELETE: 'DeleteObject' }[request.method ?? ''] ?? 'GetObject';
}

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

/** Where a test says nothing: an empty bucket that takes everything. */
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

/**
 * A loopback server that speaks just enough of S3's protocol to answer what a test tells it to, request by request; it
 * keeps no objects. For answers that no emulator gives, and to see what was sent.
 */
export class ScriptedS3 {
  readonly received: Received[] = [];
  readonly #script = new Map<string, Answer[]>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The answers to the requests of this kind in turn; the last one again and again. */
  on(action: string, ...answers: Answer[]): this {
    this.#script.set(action, answers);
    return this;
  }

  actions(): string[] {
    return this.received.map(({ action }) => action);
  }

  of(action: string): Received[] {
    return this.received.filter((request) => request.action === action);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://server');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const action = actionOf(request, url.searchParams);
    const key = decodeURIComponent(url.pathname).split('/').slice(2).join('/');
    const { headers } = request;
    const received = { action, key, query: url.searchParams, headers, body: Buffer.concat(chunks) };
    this.received.push(received);
    const answers = this.#script.get(action) ?? [];
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? usual[action]!;
    if (typeof answer === 'function') return answer(received, response);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}
