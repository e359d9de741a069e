import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** The name in the JSON that begins an upload's body. */
const nameIn = (body: Buffer): string | undefined =>
  /"name":"((?:[^"\\]|\\.)*)"/.exec(body.subarray(0, 4096).toString('utf8'))?.[1];

/**
 * Stands before a recorder of Google's JSON API and repeats in the query what the body of an upload names, as the API
 * takes it too: recorders keep no bodies. Links go on under the server's own name: fake-gcs-server has its XML API there alone.
 */
export class NameTap {
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  readonly #target: URL;
  readonly #host: string;

  private constructor(target: string, server: string) {
    this.#target = new URL(target);
    this.#host = new URL(server).host;
  }

  /** @param server address of the server that the recorder stands before */
  static async before(endpoint: string, server: string): Promise<NameTap> {
    const tap = new NameTap(endpoint, server);
    await new Promise<void>((resolve) => tap.#server.listen(0, '127.0.0.1', resolve));
    return tap;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const { method, url = '/' } = request;
    const headers = { ...request.headers, ...(url.includes('X-Goog-Signature') && { host: this.#host }) };
    const name = method === 'POST' && url.startsWith('/upload/') ? nameIn(body) : undefined;
    const path = name === undefined ? url : `${url}&name=${encodeURIComponent(name)}`;
    const { hostname, port } = this.#target;
    const onward = send({ hostname, port, method, path, headers, agent: false }, (reply) => {
      response.writeHead(reply.statusCode ?? 500, reply.headers);
      reply.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  }
}
