import { once } from 'node:events';
import {
  type ClientRequest,
  createServer,
  type IncomingMessage,
  type ServerResponse,
  request as send,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Recorded, Script, SeenRequest } from './fault.ts';
import type { Server } from './server-part.ts';
import { type Reply, UploadSessions } from './upload-sessions.ts';

/** Of one connection only, and the length of the body: set again by each side. */
const perConnection = new Set(['connection', 'keep-alive', 'expect', 'transfer-encoding']);

/**
 * A loopback proxy before a server, whose script says what goes wrong with which request. The host's name goes through
 * as the client wrote it, so signatures hold; answers that lead to the server lead back here.
 */
export class FaultProxy {
  readonly requests: Recorded[] = [];
  script: Script = () => undefined;
  readonly #target: URL;
  readonly #counts = new Map<string, number>();
  readonly #sessions = new UploadSessions();
  readonly #listener = createServer((request, response) => void this.#serve(request, response));
  #endpoint = '';

  private constructor(target: URL) {
    this.#target = target;
  }

  /** Starts one in front of what listens there. */
  static async before(endpoint: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(endpoint));
    // A stalled request is the script's business: the proxy itself gives up on nobody.
    proxy.#listener.requestTimeout = 0;
    await new Promise<void>((resolve) => proxy.#listener.listen(0, '127.0.0.1', resolve));
    proxy.#endpoint = `http://127.0.0.1:${(proxy.#listener.address() as AddressInfo).port}`;
    return proxy;
  }

  get endpoint(): string {
    return this.#endpoint;
  }

  /** The server as clients reach it through here. */
  inFrontOf<Name extends string>(server: Server<Name>): Server<Name> {
    const moved = Object.entries(server.env).map(([name, value]) => [name, this.#towardsHere(value)]);
    return { ...server, endpoint: this.#endpoint, env: Object.fromEntries(moved) };
  }

  /** Forgets all requests; counts begin again. */
  forget(): void {
    this.requests.length = 0;
    this.#counts.clear();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#listener.close(resolve));
    this.#listener.closeAllConnections();
    await closed;
  }

  #towardsHere(text: string): string {
    return text.replaceAll(this.#target.origin, this.#endpoint);
  }

  #note(request: IncomingMessage): Recorded {
    const url = new URL(`http://host${request.url ?? '/'}`);
    const method = request.method ?? 'GET';
    const [path = '/'] = (request.url ?? '/').split('?');
    const nth = (this.#counts.get(`${method} ${path}`) ?? 0) + 1;
    this.#counts.set(`${method} ${path}`, nth);
    const index = this.requests.length + 1;
    const seen: SeenRequest = { method, path, query: url.searchParams, headers: request.headers, index, nth };
    const fault = this.script(seen);
    const recorded: Recorded = { ...seen, bytes: 0, fault, served: undefined, status: undefined };
    this.requests.push(recorded);
    return recorded;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const noted = this.#note(request);
    // A request that is broken off forgets its connection, which is then still open.
    const { socket } = request;
    try {
      await this.#answer(noted, request, response);
    } catch {
      // One side went away: so does the other, without an answer.
      socket.resetAndDestroy();
    }
  }

  async #answer(noted: Recorded, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { fault } = noted;
    if (fault?.kind === 'fail-before') {
      for await (const chunk of request) noted.bytes += (chunk as Buffer).length;
      return finish(noted, response, fault.status, fault.headers ?? {}, fault.body ?? '');
    }
    if (fault?.kind === 'stall' && fault.when !== 'after') {
      const { socket } = request;
      await pause(fault.ms, undefined, { ref: false });
      // What its client has given up meanwhile never reaches the server; `after` is for what does.
      if (socket.destroyed) return;
    }
    const reply = await this.#sessions.exchange(noted, () => this.#forward(noted, request));
    noted.served = reply.statusCode;
    if (fault?.kind === 'stall' && fault.when === 'after') await pause(fault.ms, undefined, { ref: false });
    if (fault?.kind === 'lose-reply') {
      await buffer(reply);
      throw new Error('The script loses the answer here.');
    } else if (fault?.kind === 'fail-after') {
      await buffer(reply);
      finish(noted, response, fault.status, fault.headers ?? {}, fault.body ?? '');
    } else if (fault?.kind === 'rewrite') {
      const body = await buffer(reply);
      const changed = { ...this.#headersOf(reply), ...fault.headers };
      finish(noted, response, fault.status ?? reply.statusCode!, changed, fault.body?.(body) ?? body);
    } else {
      await this.#pass(noted, reply, response);
    }
  }

  /** Sends the request on and waits for the head of its answer, which may come before the body has gone through. */
  async #forward(noted: Recorded, request: IncomingMessage): Promise<IncomingMessage> {
    const { hostname, port } = this.#target;
    const pairs = request.rawHeaders.flatMap((name, at, all) => (at % 2 === 0 ? [[name, all[at + 1]!] as const] : []));
    const kept = pairs.filter(([name]) => !perConnection.has(name.toLowerCase())).flat();
    if (request.headers['transfer-encoding'] !== undefined) kept.push('Transfer-Encoding', 'chunked');
    // A connection of its own: one kept alive may just be closing, which would be a fault that no script asked for.
    const headers = [...kept, 'Connection', 'close'];
    const onward = send({ hostname, port, method: noted.method, path: request.url, headers, agent: false });
    const reply = new Promise<IncomingMessage>((resolve, reject) => {
      onward.once('response', resolve);
      onward.once('error', reject);
    });
    reply.catch(() => {});
    try {
      return await Promise.race([reply, feed(onward, passing(noted, request)).then(() => reply)]);
    } catch (error) {
      onward.destroy();
      throw error;
    }
  }

  async #pass(noted: Recorded, reply: Reply, response: ServerResponse): Promise<void> {
    const { fault } = noted;
    const cut = fault?.kind === 'cut-reply' ? await buffer(reply) : undefined;
    if (cut?.length === 0) throw new Error('An answer without a body is lost whole.');
    noted.status = reply.statusCode!;
    response.writeHead(noted.status, this.#headersOf(reply));
    if (fault?.kind === 'cut-reply') {
      response.write(cut!.subarray(0, fault.afterBytes ?? Math.ceil(cut!.length / 2)));
      // Ended and not reset: a reset may take back what has been sent.
      response.socket?.destroySoon();
      return;
    }
    const slow = fault?.kind === 'trickle' && fault.body === 'reply' ? slowly(reply, fault) : reply;
    await pipeline(slow, response);
  }

  #headersOf(reply: Reply): Record<string, string | string[] | undefined> {
    const kept = Object.entries(reply.headers).filter(([name]) => !perConnection.has(name));
    const { location } = reply.headers;
    return { ...Object.fromEntries(kept), ...(location && { location: this.#towardsHere(location) }) };
  }
}

/** The request's body, counted, and slowed or broken where the script says so. */
async function* passing(noted: Recorded, request: IncomingMessage): AsyncGenerator<Buffer> {
  const { fault } = noted;
  const limit = fault?.kind === 'reset-mid-body' ? fault.afterBytes : Number.POSITIVE_INFINITY;
  // Never all of it: whoever has the last byte has the request.
  const length = Number(request.headers['content-length'] ?? Number.POSITIVE_INFINITY) - 1;
  const most = limit === Number.POSITIVE_INFINITY ? limit : Math.min(limit, length);
  const body = fault?.kind === 'trickle' && fault.body === 'request' ? slowly(request, fault) : request;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const part = chunk.subarray(0, most - noted.bytes);
    noted.bytes += part.length;
    yield part;
    if (noted.bytes >= most) break;
  }
  if (most !== Number.POSITIVE_INFINITY) throw new Error('The script resets the connection here.');
}

async function* slowly(
  chunks: AsyncIterable<Buffer>,
  { bytes, everyMs }: { bytes: number; everyMs: number },
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += bytes) {
      await pause(everyMs);
      yield chunk.subarray(at, at + bytes);
    }
  }
}

/** What the server does not want any more, since it has answered or gone, is taken from the client all the same. */
async function feed(onward: ClientRequest, body: AsyncIterable<Buffer>): Promise<void> {
  const over = new AbortController();
  for (const event of ['response', 'close']) onward.once(event, () => over.abort());
  for await (const chunk of body) {
    if (over.signal.aborted || onward.write(chunk)) continue;
    await once(onward, 'drain', { signal: over.signal }).catch(() => {});
  }
  onward.end();
}

function finish(
  noted: Recorded,
  response: ServerResponse,
  status: number,
  headers: Record<string, string | string[] | undefined>,
  body: Buffer | string,
): void {
  noted.status = status;
  const headerPairs = Object.entries(headers).filter(([, value]) => value !== undefined);
  // An answer to HEAD tells the length of a body that it does not have.
  const length = noted.method === 'HEAD' ? [] : [['content-length', Buffer.byteLength(body)]];
  response.writeHead(status, Object.fromEntries([...headerPairs, ...length]));
  response.end(noted.method === 'HEAD' ? undefined : body);
}
