import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface KnownKey {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

export interface SignedRequest {
  method: string;
  /** As it came over the wire. */
  path: string;
  headers: IncomingMessage['headers'];
  accessKeyId: string;
}

const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/**
 * A loopback S3 that keeps objects by key, recomputes each request's signature from what came over the wire, by
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html, and refuses those that differ. Written
 * from that page and sharing nothing with the code that signs. Its buckets are asked by path.
 */
export class SignedS3 {
  readonly requests: SignedRequest[] = [];
  /** By the decoded path. */
  readonly objects: Map<string, Buffer> = new Map();
  readonly keys: Map<string, KnownKey> = new Map();
  region = 'us-east-1';
  /** Credentials that are out of date, by access key. */
  readonly expired: Set<string> = new Set();
  readonly #server: Server = createServer((request, response) => this.#serve(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  know(key: KnownKey): void {
    this.keys.set(key.accessKeyId, key);
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const refusal = this.#refusalOf(request);
    const found = this.objects.get(decodeURIComponent((request.url ?? '').split('?')[0] ?? ''));
    if (!refusal && found) {
      response.writeHead(200, { etag: `"${sha256(found)}"`, 'content-length': found.byteLength }).end(found);
      return;
    }
    const [status, code, more = ''] = refusal ?? [404, 'NoSuchKey'];
    response.writeHead(status, { 'content-type': 'application/xml' });
    response.end(`<Error><Code>${code}</Code><Message>words</Message>${more}</Error>`);
  }

  #refusalOf(request: IncomingMessage): [status: number, code: string, more?: string] | undefined {
    const { method = '', url = '', headers } = request;
    const parts =
      /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request,\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$/;
    const [, accessKeyId = '', date = '', region = '', names = '', signature = ''] =
      parts.exec(headers.authorization ?? '') ?? [];
    this.requests.push({ method, path: url, headers, accessKeyId });
    const key = this.keys.get(accessKeyId);
    if (!key) return [403, 'InvalidAccessKeyId'];
    if (region !== this.region) return [400, 'AuthorizationHeaderMalformed', `<Region>${this.region}</Region>`];
    const signed = names.split(';');
    const named = Object.keys(headers).filter((name) => name.startsWith('x-amz-'));
    if (![...named, 'host'].every((name) => signed.includes(name))) return [403, 'AccessDenied'];
    if (headers['x-amz-security-token'] !== key.sessionToken) return [403, 'InvalidToken'];
    const right = signatureOf(request, key.secretAccessKey, date, region, signed);
    if (signature !== right) return [403, 'SignatureDoesNotMatch'];
    return this.expired.has(accessKeyId) ? [403, 'ExpiredToken'] : undefined;
  }
}

function signatureOf(
  request: IncomingMessage,
  secret: string,
  date: string,
  region: string,
  signed: readonly string[],
): string {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  // S3 encodes every byte of a key but the unreserved characters and the slash, once.
  const uri = Buffer.from(decodeURIComponent(path))
    .toString('latin1')
    .replace(/[^A-Za-z0-9\-._~/]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
  const canonical = [
    request.method,
    uri,
    query.split('&').sort().join('&'),
    ...[...signed].sort().map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    signed.join(';'),
    request.headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${date}/${region}/s3/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${request.headers['x-amz-date']}\n${scope}\n${sha256(canonical)}`;
  const signing = hmac(hmac(hmac(hmac(`AWS4${secret}`, date), region), 's3'), 'aws4_request');
  return hmac(signing, text).toString('hex');
}
