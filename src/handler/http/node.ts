import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { App } from './app.ts';
import type { AppRequest } from './app-request.ts';
import { sendNodeAnswer } from './node-answer.ts';
import { readNodeBody } from './node-body.ts';
import { RequestError } from './request-error.ts';

/** Names and addresses of this machine, whatever a DNS server returns. */
const loopback = /^(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[?::1\]?)$/;

/**
 * Refuses requests for other hosts where a function listens on loopback: a page in a browser on this machine could
 * reach it through its own host name resolved to this machine (DNS rebinding), and read the responses. Elsewhere only
 * where `listed` names hosts; `*` allows all. Returns a check of a `Host` header that throws RequestError 421.
 */
function hostCheck(bound: string, listed: readonly string[]): (header: string | undefined) => void {
  const known = new Set([bound, ...listed].map((host) => host.toLowerCase()));
  if (known.has('*') || (listed.length === 0 && !loopback.test(bound))) return () => {};
  return (header) => {
    // HTTP/1.0 has no such header, and no browser speaks it.
    const host = (header ?? 'localhost').toLowerCase().replace(/:\d*$/, '');
    if (loopback.test(host) || known.has(host)) return;
    const how = 'Ask it as localhost, or name this host in COLDGATE_HOSTS of the function.';
    throw new RequestError(
      421,
      'host-not-served',
      `This function does not answer for the host it was asked as. ${how}`,
    );
  };
}

interface ServeOptions {
  app: App;
  /** 0 takes a free one. */
  port: number;
  /** Default 127.0.0.1: access from outside has to be configured. */
  host?: string | undefined;
  /** Further hosts that requests may name; see `hostCheck`. */
  hosts?: readonly string[] | undefined;
  /** Longest time that a body may take to arrive, ms. */
  bodyTimeoutMs?: number | undefined;
  /** A `traceparent` for requests that come without one; see NodePlatform. */
  traceparent?: ((headers: IncomingHttpHeaders) => string | null) | undefined;
}

export interface Served {
  port: number;
  host: string;
  /** Whether the process cannot end by itself. */
  readonly isStuck: boolean;
  /** Takes no new connections, lets requests in flight finish, frees the models. */
  close(): Promise<void>;
}

/** Serves the application over plain HTTP/1.1. Rejects when the port is taken. */
export async function serve(options: ServeOptions): Promise<Served> {
  const { app, port, host = '127.0.0.1', hosts = [], bodyTimeoutMs = 30_000, traceparent } = options;
  const way = { app, checkHost: hostCheck(host, hosts), timeoutMs: bodyTimeoutMs, traceparent };
  // Node's own limits stand behind ours, for what never becomes a request.
  const requestTimeout = bodyTimeoutMs + 10_000;
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout, connectionsCheckingInterval: 2000 },
    (request, response) => void respond(way, request, response),
  );
  // Node would ask for every body by itself: so only one that is going to be read is asked for.
  server.on('checkContinue', (request, response) => {
    void respond({ ...way, ask: () => response.writeContinue() }, request, response);
  });
  await listen(server, port, host);
  // Follows pointers between requests as well; a platform that freezes idle processes polls on the next request.
  const timer = setInterval(() => app.poll(), 1000);
  timer.unref();
  return {
    port: (server.address() as AddressInfo).port,
    host,
    get isStuck() {
      return app.isStuck;
    },
    close: async () => {
      clearInterval(timer);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      await closed;
      await app.close();
    },
  };
}

/** What `listen` comes down to for a plain address, under the name that Node keeps for it besides. */
interface ListensPlainly {
  _listen2?(address: string, port: number, family: 4, backlog: number): void;
}

/** Those that every function uses: loopback, and all interfaces. */
const plainAddresses = new Set(['127.0.0.1', '0.0.0.0']);
/** Node's own default. */
const backlog = 511;

/**
 * `listen` with a host asks the resolver even for an address, compiles a regular expression of IPv6 for that, and loads
 * Node's modules for clusters: 5 % of a start, of which a plain address needs nothing.
 */
function listen(server: Server & ListensPlainly, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    if (server._listen2 && plainAddresses.has(host)) server._listen2(host, port, 4, backlog);
    else server.listen(port, host);
  });
}

interface Way {
  app: App;
  checkHost: (header: string | undefined) => void;
  timeoutMs: number;
  /** Has the body sent, where the client waits to be asked (`Expect: 100-continue`). */
  ask?: () => void;
  traceparent: ServeOptions['traceparent'];
}

async function respond(way: Way, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.on('error', () => {});
  sendNodeAnswer(request, response, await way.app.handle(toAppRequest(way, request)));
}

const toAppRequest = ({ checkHost, timeoutMs, ask, traceparent }: Way, request: IncomingMessage): AppRequest => ({
  method: request.method ?? 'GET',
  url: request.url ?? '/',
  headers: {
    get(name) {
      const value = request.headers[name];
      if (value === undefined && name === 'traceparent') return traceparent?.(request.headers) ?? null;
      return Array.isArray(value) ? value.join(', ') : (value ?? null);
    },
  },
  read: (limit) => readNodeBody(request, limit, { timeoutMs, ask }),
  admit: () => {
    const { url = '/', headers } = request;
    checkHost(headers.host);
    // A whole URL names the host once more, and is what counts then (RFC 9112, section 3.2.2).
    if (!url.startsWith('/') && URL.canParse(url)) checkHost(new URL(url).host);
  },
});
