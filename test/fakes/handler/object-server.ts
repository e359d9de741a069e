import type { ServerResponse } from 'node:http';
import { type Answer, type Protocol, type Received, ScriptedServer } from '../stores/script-server.ts';

/**
 * A loopback server of one object, whatever the path, that knows ranges and conditions. Requests are `whole` or `part`;
 * a test may script the answers to either.
 */
export class ObjectServer extends ScriptedServer {
  bytes: Uint8Array;
  etag = '"v1"';
  headers: Record<string, string> = {};

  constructor(bytes: Uint8Array, tls?: { key: string; cert: string }) {
    const protocol: Protocol = {
      actionOf: (_method, _url, headers) => (headers.range === undefined ? 'whole' : 'part'),
      usual: (_action, request) => this.usual(request),
    };
    super(protocol, tls);
    this.bytes = bytes;
  }

  replace(bytes: Uint8Array, etag: string): void {
    this.bytes = bytes;
    this.etag = etag;
  }

  /** What is right. */
  usual(request: Received): Answer {
    const { 'if-match': only, 'if-none-match': unless } = request.headers;
    if (only !== undefined && only !== this.etag) return { status: 412 };
    if (unless === this.etag) return { status: 304, headers: { etag: this.etag } };
    return (_request, response) => void response.end(this.begin(request, response));
  }

  /** Writes the head that the request gets, and gives the bytes that belong below it. */
  begin({ headers: { range } }: Received, response: ServerResponse): Uint8Array {
    const size = this.bytes.byteLength;
    const [, from = '0', last = String(size - 1)] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '') ?? [];
    const part = this.bytes.subarray(Number(from), Number(last) + 1);
    response.writeHead(range === undefined ? 200 : 206, {
      etag: this.etag,
      'accept-ranges': 'bytes',
      'content-length': part.byteLength,
      ...(range !== undefined && { 'content-range': `bytes ${from}-${last}/${size}` }),
      ...this.headers,
    });
    return part;
  }

  /** Sends so many bytes, then cuts the connection. */
  cutAfter(count: number): Answer {
    return (request, response) => {
      response.write(this.begin(request, response).subarray(0, count), () => response.destroy());
    };
  }

  /** Sends so many bytes and says no more, for as long as it is listened to. */
  stallAfter(count: number): Answer {
    return (request, response) => void response.write(this.begin(request, response).subarray(0, count));
  }
}
