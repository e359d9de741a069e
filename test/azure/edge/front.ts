import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { readAll } from '../../fakes/clouds/loopback.ts';
import { NoInstanceError } from '../../fakes/clouds/pool.ts';
import type { Site } from '../web/record.ts';
import type { Web } from '../web/web.ts';
import type { Generation } from './generation.ts';
import { type FunctionsInstance, HostError } from './instance.ts';
import { findRoute, type Route } from './routes.ts';
import { functionHeader } from './worker-protocol.ts';

const maxBody = 100 * 1024 * 1024;

/** What callers of an app meet: Azure's front end, and the Functions host behind it. */
export async function serveApp(
  web: Web,
  site: Site,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readAll(request);
  const generation = web.generationFor(site);
  if (generation === 'unavailable') return page(response, 503, 'The service is unavailable.');
  if (body.byteLength > maxBody) return page(response, 413, 'The page was not displayed because it is too large.');
  if (answersPreflight(site, request, response)) return;
  if (!generation || !site.content) return page(response, 404, 'Your Functions app has no content yet.');
  try {
    const instance = await generation.pool.take();
    try {
      await answer(web, { site, instance, generation }, { request, response, body });
    } finally {
      generation.pool.give(instance);
    }
  } catch (error) {
    if (response.headersSent) return void response.destroy();
    // An update ends what runs: the connection of whoever waited is cut.
    if (generation !== site.generation) return void request.socket.destroy();
    if (error instanceof NoInstanceError) return page(response, 429, 'Too many requests.');
    page(response, 503, error instanceof HostError ? 'Function host is not running.' : 'The service is unavailable.');
  }
}

interface Place {
  site: Site;
  instance: FunctionsInstance;
  generation: Generation;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  body: Buffer;
}

async function answer(web: Web, place: Place, exchange: Exchange): Promise<void> {
  const { request, response } = exchange;
  const { site, instance } = place;
  const url = new URL(request.url ?? '/', 'http://app');
  if (url.pathname === '/admin/host/status') {
    const isMaster = keyOf(request, url) === web.keys.of(site).masterKey;
    return isMaster ? respond(response, 200, web.statusOf(site, undefined)) : respond(response, 401);
  }
  const route = findRoute(site.content?.folder ?? '', instance.functions, request.method ?? 'GET', url.pathname);
  if (!route) return respond(response, 404);
  if (!isAllowed(web, site, route, keyOf(request, url))) return respond(response, 401);
  await forward(web, place, route, exchange);
}

const keyOf = (request: IncomingMessage, url: URL): string | undefined =>
  (request.headers['x-functions-key'] as string | undefined) ?? url.searchParams.get('code') ?? undefined;

/** https://learn.microsoft.com/azure/azure-functions/function-keys-how-to */
function isAllowed(web: Web, site: Site, { name, authLevel }: Route, key: string | undefined): boolean {
  if (authLevel === 'anonymous') return true;
  const { masterKey, functionKeys } = web.keys.of(site);
  if (key === undefined) return false;
  if (key === masterKey) return true;
  const own = [...Object.values(functionKeys), ...Object.values(web.keys.ofFunction(site, name))];
  return authLevel === 'function' && own.includes(key);
}

/** The front end cuts a request at 230 s. */
async function forward(web: Web, { site, instance }: Place, { name }: Route, exchange: Exchange): Promise<void> {
  const { request, response, body } = exchange;
  const late = setTimeout(() => {
    if (response.headersSent) response.destroy();
    else page(response, 502, 'The request has timed out.');
  }, 230_000 * web.context.knobs.timeScale);
  try {
    const { method = 'GET', url: path = '/' } = request;
    const found = await instance.forward(
      { method, path, headers: { ...headersFor(request), [functionHeader]: name } },
      body,
    );
    if (response.writableEnded) return;
    const { connection: _, 'keep-alive': __, ...headers } = found.headers;
    response.writeHead(found.statusCode ?? 500, { ...headers, ...corsOf(site, request) });
    for await (const chunk of found) response.write(chunk);
    response.end();
  } catch (error) {
    // A connection breaks before its process is known to have ended.
    await Promise.race([instance.ended, pause(500)]);
    throw error;
  } finally {
    clearTimeout(late);
  }
}

function headersFor(request: IncomingMessage): Record<string, string | string[]> {
  const { connection: _, ...headers } = request.headers;
  const address = '192.0.2.1:50000';
  return {
    ...(headers as Record<string, string | string[]>),
    ...{ 'x-forwarded-for': address, 'client-ip': address, 'x-forwarded-proto': 'https' },
    ...{ 'x-original-url': request.url ?? '/', 'disguised-host': String(headers.host) },
  };
}

/** The platform's own CORS, which answers before any function: https://learn.microsoft.com/azure/app-service/app-service-web-tutorial-rest-api */
function answersPreflight(site: Site, request: IncomingMessage, response: ServerResponse): boolean {
  const isPreflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  const origins = site.properties.siteConfig?.cors?.allowedOrigins ?? [];
  if (!isPreflight || origins.length === 0) return false;
  const headers = corsOf(site, request);
  const more = headers && {
    'access-control-allow-methods': String(request.headers['access-control-request-method']),
    'access-control-allow-headers': String(request.headers['access-control-request-headers'] ?? ''),
  };
  response.writeHead(headers ? 204 : 400, { ...headers, ...more }).end();
  return true;
}

function corsOf({ properties }: Site, { headers }: IncomingMessage): Record<string, string> | undefined {
  const { allowedOrigins = [], supportCredentials = false } = properties.siteConfig?.cors ?? {};
  const { origin } = headers;
  if (origin === undefined || !(allowedOrigins.includes(origin) || allowedOrigins.includes('*'))) return undefined;
  return {
    'access-control-allow-origin': allowedOrigins.includes('*') ? '*' : origin,
    ...(supportCredentials && { 'access-control-allow-credentials': 'true' }),
  };
}

const respond = (response: ServerResponse, status: number, document?: object): void => {
  if (document === undefined) return void response.writeHead(status).end();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
};

/** The front end's own pages are HTML. */
function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/html' });
  response.end(`<html><head><title>${status}</title></head><body>${text}</body></html>\n`);
}
