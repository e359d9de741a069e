import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { LoopbackServer, readAll } from '../../fakes/clouds/loopback.ts';
import { NoInstanceError } from '../../fakes/clouds/pool.ts';
import type { GoogleContext } from '../context.ts';
import type { RevisionPool } from './pool.ts';
import { StartError } from './source.ts';

/** Who gets requests to a main address: shares add up to 100. */
export interface Share {
  percent: number;
  pool: RevisionPool;
}

export interface Routes {
  shares: Share[];
  tags: Map<string, RevisionPool>;
}

/** What the front end asks of a service at each request. */
export interface Front {
  /** Full name, for permissions. */
  name: string;
  /** Nobody has to show who they are. */
  open(): boolean;
  audiences(): string[];
}

interface Site {
  front: Front;
  /** Main addresses, and one for each tag that ever was. */
  servers: LoopbackServer[];
  tagServers: Map<string, Promise<LoopbackServer>>;
  routes: Routes;
  /** Routes before the last change, and how many requests may still be sent along them. */
  before: { routes: Routes; left: number } | undefined;
  /** By tag: requests that find nothing yet. */
  unrouted: Map<string, number>;
}

const maxBody = 32 * 1024 * 1024;

/** Google's front end: an address for each service and each tag, and behind it the instances of revisions. */
export class Edge {
  readonly #context: GoogleContext;
  readonly #sites = new Map<string, Site>();

  constructor(context: GoogleContext) {
    this.#context = context;
  }

  /** Opens the addresses of a service: the one with a hash, and the deterministic one. */
  async open(front: Front): Promise<{ uri: string; urls: string[] }> {
    const site: Site = {
      ...{ front, servers: [], tagServers: new Map(), unrouted: new Map(), before: undefined },
      routes: { shares: [], tags: new Map() },
    };
    this.#sites.set(front.name, site);
    const serve = (request: IncomingMessage, response: ServerResponse) =>
      this.#serve(site, this.#main(site), request, response);
    site.servers = await Promise.all([LoopbackServer.open(serve), LoopbackServer.open(serve)]);
    const [first = '', second = ''] = site.servers.map(({ url }) => url);
    return { uri: second, urls: [first, second] };
  }

  /** The address of a tag: the same one whenever the tag comes back. */
  async tagUri(name: string, tag: string): Promise<string> {
    const site = this.#sites.get(name);
    if (!site) throw new Error(`no service ${name}`);
    let server = site.tagServers.get(tag);
    if (!server) {
      server = LoopbackServer.open((request, response) =>
        this.#serve(site, this.#tagged(site, tag), request, response),
      );
      site.tagServers.set(tag, server);
    }
    return (await server).url;
  }

  /** From now on requests go this way, except for what lags. */
  route(name: string, routes: Routes): void {
    const site = this.#sites.get(name);
    if (!site) return;
    for (const tag of routes.tags.keys()) {
      if (!site.routes.tags.has(tag)) site.unrouted.set(tag, this.#context.knobs.tagLag);
    }
    const { trafficLag } = this.#context.knobs;
    const same = JSON.stringify(sharesOf(site.routes)) === JSON.stringify(sharesOf(routes));
    if (!same) site.before = trafficLag > 0 ? { routes: site.routes, left: trafficLag } : undefined;
    site.routes = routes;
  }

  async remove(name: string): Promise<void> {
    const site = this.#sites.get(name);
    if (!site) return;
    this.#sites.delete(name);
    const tags = await Promise.all(site.tagServers.values());
    await Promise.all([...site.servers, ...tags].map((server) => server.close()));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sites.keys()].map((name) => this.remove(name)));
  }

  #main(site: Site): RevisionPool | undefined {
    const { before } = site;
    if (before && before.left-- > 0 && before.left % 2 === 0) return choose(before.routes.shares);
    return choose(site.routes.shares);
  }

  #tagged(site: Site, tag: string): RevisionPool | undefined {
    const left = site.unrouted.get(tag) ?? 0;
    if (left > 0) site.unrouted.set(tag, left - 1);
    return left > 0 ? undefined : site.routes.tags.get(tag);
  }

  async #serve(
    site: Site,
    pool: RevisionPool | undefined,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await readAll(request);
    if (!pool) return page(response, 404, 'The requested URL was not found on this server.');
    if (body.byteLength > maxBody) return page(response, 413, 'Your client issued a request that was too large.');
    const refusal = this.#refusal(site, request.headers);
    if (refusal) return page(response, refusal.status, refusal.text);
    try {
      // A token that was checked goes on without its signature; one that nobody has checked goes on as it came.
      const { authorization } = request.headers;
      const isChecked = authorization !== undefined && !site.front.open();
      if (isChecked) request.headers.authorization = withoutSignature(authorization);
      await run(pool, request, response, body);
    } catch (error) {
      if (response.headersSent) return void response.destroy();
      if (error instanceof NoInstanceError) return page(response, 429, 'Rate exceeded.');
      if (!(error instanceof StartError)) return page(response, 503, 'Service Unavailable');
      page(response, 503, 'The service you requested is not available yet.');
    }
  }

  /** No token: 403. A token that is none, or for someone else: 401. Without the permission: 403. */
  #refusal({ front }: Site, headers: IncomingHttpHeaders): { status: number; text: string } | undefined {
    const permission = 'run.routes.invoke';
    if (front.open() || this.#context.iam.allows('', permission, front.name)) return undefined;
    const forbidden = { status: 403, text: 'Your client does not have permission to get this URL from this server.' };
    const sent = headers['x-serverless-authorization'] ?? headers.authorization;
    if (sent === undefined) return forbidden;
    const token = this.#context.iam.tokenOf(String(sent));
    if (token?.kind !== 'id' || !front.audiences().includes(token.audience ?? '')) {
      return { status: 401, text: 'Your client does not have permission to the requested URL.' };
    }
    return this.#context.iam.allows(token.principal, permission, front.name) ? undefined : forbidden;
  }
}

const sharesOf = ({ shares }: Routes): unknown => shares.map(({ percent, pool }) => [percent, pool.plan.revision]);

function choose(shares: readonly Share[]): RevisionPool | undefined {
  let left = Math.random() * 100;
  for (const { percent, pool } of shares) {
    left -= percent;
    if (left < 0) return pool;
  }
  return shares.findLast(({ percent }) => percent > 0)?.pool;
}

/** Sends a request to an instance and its answer back, within the time-out that starts with its arrival. */
async function run(
  pool: RevisionPool,
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
): Promise<void> {
  const seconds = Number.parseFloat(pool.plan.template.timeout ?? '300s');
  const timer = setTimeout(() => {
    if (response.headersSent) response.destroy();
    else page(response, 504, 'The request has been terminated because it has reached the maximum request timeout.');
  }, seconds * 1000);
  try {
    const instance = await pool.take();
    try {
      const { method = 'GET', url: path = '/' } = request;
      const answer = await instance.forward({ method, path, headers: headersFor(request) }, body);
      if (response.writableEnded) return;
      const { connection: _, 'keep-alive': __, ...headers } = answer.headers;
      response.writeHead(answer.statusCode ?? 500, { ...headers, server: 'Google Frontend' });
      for await (const chunk of answer) response.write(chunk);
      response.end();
    } catch (error) {
      // A connection breaks before its process is known to have ended.
      await Promise.race([instance.ended, pause(500)]);
      throw error;
    } finally {
      pool.give(instance);
    }
  } finally {
    clearTimeout(timer);
  }
}

const withoutSignature = (authorization: string): string =>
  authorization.replace(/^(Bearer [\w-]+\.[\w-]+)\.[\w-]+$/, '$1.SIGNATURE_REMOVED_BY_GOOGLE');

function headersFor(request: IncomingMessage): Record<string, string | string[]> {
  const { connection: _, ...headers } = request.headers;
  const trace = headers['x-cloud-trace-context'] ?? `${'0123456789abcdef'.repeat(2)}/1;o=0`;
  return {
    ...(headers as Record<string, string | string[]>),
    'x-cloud-trace-context': trace,
    'x-forwarded-for': '192.0.2.1',
    'x-forwarded-proto': 'https',
    forwarded: 'for="192.0.2.1";proto=https',
  };
}

/** The front end's own pages are HTML. */
function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=UTF-8', server: 'Google Frontend' });
  response.end(
    `<html><head><title>Error</title></head><body><h1>Error: ${status}</h1><h2>${text}</h2></body></html>\n`,
  );
}
