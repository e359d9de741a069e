import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * Stands in front of a registry and is as demanding as the clouds' are: it wants a bearer token from a token endpoint
 * that wants a login, hands out addresses for uploads with a query, and fails as it is told.
 */
export class RegistryFront {
  /** `METHOD path` of what came with a token. */
  readonly requests: string[] = [];
  readonly tokens: string[] = [];
  /** `Basic` for ECR's kind, `Bearer` for Artifact Registry's. */
  scheme: 'Basic' | 'Bearer' = 'Bearer';
  login = 'coldgate:secret';
  /** Answers with these first, by `METHOD`. */
  failing: { method: string; status: number }[] = [];
  /** Where uploads go instead of the address that the registry gives. */
  location: ((address: string) => string) | undefined;
  readonly #to: number;
  readonly #server: Server = createServer((request, response) => this.#serve(request, response));

  constructor(to: number) {
    this.#to = to;
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** What was asked since the last call, digests and upload ids left out. */
  take(): string[] {
    return this.requests.splice(0).map((one) => one.replaceAll(/sha256:[0-9a-f]{64}/g, 'DIGEST'));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '' } = incoming;
    const basic = `Basic ${Buffer.from(this.login).toString('base64')}`;
    if (url.startsWith('/token')) {
      this.tokens.push(new URL(url, 'http://x').searchParams.get('scope') ?? '');
      if (incoming.headers.authorization !== basic) return void response.writeHead(401).end();
      return void response.end(JSON.stringify({ token: 'a-token' }));
    }
    const wanted = this.scheme === 'Basic' ? basic : 'Bearer a-token';
    if (incoming.headers.authorization !== wanted) {
      const realm = this.scheme === 'Basic' ? '' : `realm="http://${this.host}/token",service="front"`;
      incoming.resume();
      return void response.writeHead(401, { 'www-authenticate': `${this.scheme} ${realm}` }).end();
    }
    this.requests.push(`${method} ${url}`);
    const failure = this.failing.findIndex((one) => one.method === method);
    if (failure >= 0) {
      incoming.resume();
      return void response.writeHead(this.failing.splice(failure, 1)[0]!.status).end();
    }
    this.#forward(incoming, response);
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { authorization: _, ...headers } = incoming.headers;
    const to = { port: this.#to, host: '127.0.0.1', method: incoming.method, path: incoming.url, headers };
    const onward = request(to, (answer) => {
      const { location } = answer.headers;
      const headers = location && this.location ? { location: this.location(location) } : {};
      response.writeHead(answer.statusCode ?? 500, { ...answer.headers, ...headers });
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    incoming.pipe(onward);
  }
}
