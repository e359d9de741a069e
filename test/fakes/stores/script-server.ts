import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A request as the server got it. */
export interface Received {
  action: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** An answer: written as given, or by hand. */
export type Answer =
  | { status: number; headers?: Record<string, string>; body?: string | Uint8Array }
  | ((request: Received, response: ServerResponse) => void | Promise<void>);

/** Says nothing at all. */
export const silent: Answer = () => {};
/** Cuts the connection instead of an answer. */
export const hangUp: Answer = (_request, response) => void response.destroy();

/**
 * Longest silence for a client of these answers, ms: short where there is silence among them. Elsewhere a pause is the
 * machine's, and no client may give up over it.
 */
export const stallMsFor = (...answers: Answer[]): number => (answers.includes(silent) ? 500 : 20_000);

export interface Protocol {
  /** What a request asks for. */
  actionOf(method: string, url: URL, headers: IncomingMessage['headers']): string;
  /** Answers where a test says nothing: an empty store that takes everything. */
  usual(action: string, request: Received): Answer;
}

/**
 * A loopback server that answers what a test tells it to, request by request; it keeps no objects. For answers that no
 * emulator gives, and to see what was sent.
 */
export class ScriptedServer {
  readonly received: Received[] = [];
  readonly #script = new Map<string, Answer[]>();
  readonly #protocol: Protocol;
  readonly #server: ReturnType<typeof createServer>;
  readonly #scheme: string;

  constructor(protocol: Protocol, tls?: { key: string; cert: string }) {
    this.#protocol = protocol;
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    this.#server = tls ? createTlsServer(tls, serve) : createServer(serve);
    this.#scheme = tls ? 'https' : 'http';
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get endpoint(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
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
    const { headers, method = '' } = request;
    const action = this.#protocol.actionOf(method, url, headers);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // The client cut it; what had come counts.
    }
    const path = decodeURIComponent(url.pathname);
    const received = { action, path, query: url.searchParams, headers, body: Buffer.concat(chunks) };
    this.received.push(received);
    const answers = this.#script.get(action) ?? [];
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? this.#protocol.usual(action, received);
    if (typeof answer === 'function') return answer(received, response);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }
}
