import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from './app.ts';
import type { AppRequest } from './app-request.ts';
import { sendNodeAnswer } from './node-answer.ts';
import { readNodeBody } from './node-body.ts';

export interface ServeOptions {
  app: App;
  /** 0 takes a free one. */
  port: number;
  /** Default 127.0.0.1: whoever wants to be reached from outside has to say so. */
  host?: string | undefined;
  /** Longest time that a body may take to arrive, ms. */
  bodyTimeoutMs?: number | undefined;
}

export interface Served {
  port: number;
  host: string;
  /** Takes no new connections, lets requests in flight finish, frees the models. */
  close(): Promise<void>;
}

/** Serves the application over plain HTTP/1.1. Rejects when the port is taken. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { app, port, host = '127.0.0.1', bodyTimeoutMs = 30_000 } = options;
  // Node's own limits stand behind ours, for what never becomes a request.
  const requestTimeout = bodyTimeoutMs + 10_000;
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout, connectionsCheckingInterval: 2000 },
    (request, response) => void respond(app, request, response, bodyTimeoutMs),
  );
  await listen(server, port, host);
  // Follows pointers between requests as well; a platform that freezes idle processes polls on the next request.
  const timer = setInterval(() => app.poll(), 1000);
  timer.unref();
  return {
    port: (server.address() as AddressInfo).port,
    host,
    close: async () => {
      clearInterval(timer);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
      await app.close();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

async function respond(app: App, request: IncomingMessage, response: ServerResponse, timeoutMs: number): Promise<void> {
  response.on('error', () => {});
  sendNodeAnswer(request, response, await app.handle(toAppRequest(request, timeoutMs)));
}

const toAppRequest = (request: IncomingMessage, timeoutMs: number): AppRequest => ({
  method: request.method ?? 'GET',
  url: request.url ?? '/',
  headers: {
    get(name) {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(', ') : (value ?? null);
    },
  },
  read: (limit) => readNodeBody(request, limit, timeoutMs),
});
