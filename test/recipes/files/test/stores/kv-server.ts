import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Held {
  bytes: Buffer;
  headers: Record<string, string>;
}

/** A key-value server over HTTP: conditions by ETag, ranges, a list. All that it holds is in `objects`. */
export class KvServer {
  readonly objects = new Map<string, Held>();
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  put(path: string, bytes: Buffer, given: Record<string, string> = {}): Held {
    const headers = { ...given, etag: `"${randomUUID()}"`, 'x-size': `${bytes.length}`, 'x-modified': `${Date.now()}` };
    const held = { bytes, headers };
    this.objects.set(path, held);
    return held;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, 'http://kv');
    const path = decodeURIComponent(url.pathname);
    const reply = (status: number, headers: OutgoingHttpHeaders = {}, body?: string | Buffer) =>
      response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
    const prefix = url.searchParams.get('prefix');
    if (prefix !== null) return void reply(200, {}, this.#list(`${path}${prefix}`, path.length));
    const bytes = request.method === 'PUT' ? Buffer.concat(await request.toArray()) : Buffer.alloc(0);
    // From here on nothing is awaited: a condition and its write are one step.
    const found = this.objects.get(path);
    const { 'if-match': only, 'if-none-match': unless } = request.headers;
    switch (request.method) {
      case 'PUT': {
        const met = unless === '*' ? !found : found?.headers['etag'] === only;
        if (!met) return void reply(412);
        const meta = ['content-type', 'cache-control'].filter((name) => name in request.headers);
        const given = Object.fromEntries(meta.map((name) => [name, String(request.headers[name])]));
        return void reply(201, this.put(path, bytes, given).headers);
      }
      case 'DELETE':
        if (found && found.headers['etag'] !== only) return void reply(412);
        this.objects.delete(path);
        return void reply(204);
      default:
        if (!found) return void reply(404);
        if (unless === found.headers['etag']) return void reply(304, found.headers);
        if (only !== undefined && only !== found.headers['etag']) return void reply(412);
        return this.#give(request, response, found);
    }
  }

  #give(request: IncomingMessage, response: ServerResponse, { bytes, headers }: Held): void {
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? [];
    const whole = from === undefined;
    const part = whole ? bytes : bytes.subarray(Number(from), Number(to) + 1);
    const range = { 'content-range': `bytes ${from}-${to}/${bytes.length}` };
    response.writeHead(whole ? 200 : 206, { ...headers, 'content-length': part.length, ...(!whole && range) });
    response.end(request.method === 'HEAD' ? undefined : part);
  }

  #list(prefix: string, cut: number): string {
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix));
    const ordered = keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return JSON.stringify(ordered.map((key) => ({ key: key.slice(cut), headers: this.objects.get(key)!.headers })));
  }
}
