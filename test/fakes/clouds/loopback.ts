import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Incoming {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body?: string | Buffer;
}

/** One API of a cloud on an address of its own, as each has a host of its own. */
export interface Surface {
  /** What tests and variables call it by. */
  name: string;
  /** Nothing is answered when it returns nothing: the connection is cut. */
  serve(incoming: Incoming): Promise<Reply | undefined>;
}

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** A server on loopback and a free port. */
export class LoopbackServer {
  readonly #server: Server;

  private constructor(serve: Serve) {
    this.#server = createServer((request, response) => {
      serve(request, response).catch(() => request.socket.destroy());
    });
  }

  static async open(serve: Serve): Promise<LoopbackServer> {
    const one = new LoopbackServer(serve);
    await new Promise<void>((resolve) => one.#server.listen(0, '127.0.0.1', resolve));
    return one;
  }

  static openSurface(surface: Surface): Promise<LoopbackServer> {
    return LoopbackServer.open(async (request, response) => {
      const body = await readAll(request);
      const { method = '', url = '/', headers } = request;
      const reply = await surface.serve({ method, url: new URL(url, 'http://api'), headers, body });
      if (!reply) request.socket.destroy();
      else response.writeHead(reply.status, reply.headers).end(reply.body);
    });
  }

  /** Without a slash at its end. */
  get url(): string {
    return `http://${this.host}`;
  }

  /** Address and port. */
  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts every connection that is open, in the middle of an answer too. */
  cut(): void {
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
