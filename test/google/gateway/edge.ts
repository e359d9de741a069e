import { type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { type Fields, fieldsOf } from '../../fakes/clouds/fields.ts';
import { LoopbackServer, readAll } from '../../fakes/clouds/loopback.ts';
import type { GoogleContext } from '../context.ts';
import { Callers, GatewayRefusal } from './callers.ts';
import { operationsOf } from './document.ts';
import type { Config } from './state.ts';

/** Bytes of a request: https://cloud.google.com/api-gateway/docs/quotas */
const maxBody = 32 * 1024 * 1024;
/** What a deadline is that is not written, s. */
const usualDeadline = 15;

interface Site {
  server: LoopbackServer;
  config: Config | undefined;
  /** What is served until the new routes are known here, and by how many requests more. */
  before: { config: Config | undefined; left: number };
}

interface Passed {
  config: Config;
  operation: Fields;
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** The proxies of gateways: an address for each, which serves its config's document before the service behind it. */
export class GatewayEdge {
  readonly callers: Callers;
  /** Requests after a change of config that still meet the one of before. */
  lag = 0;
  /** Name of the managed service of an API. */
  serviceOf: (api: string) => string = () => '';
  readonly #context: GoogleContext;
  readonly #sites = new Map<string, Site>();
  /** Requests of a minute, by API, metric and consumer. */
  readonly #counts = new Map<string, number>();

  constructor(context: GoogleContext) {
    this.#context = context;
    this.callers = new Callers(context);
  }

  /** Opens the address of a gateway. Returns its host name. */
  async open(name: string): Promise<string> {
    const server = await LoopbackServer.open((request, response) => this.#serve(name, request, response));
    this.#sites.set(name, { server, config: undefined, before: { config: undefined, left: 0 } });
    return new URL(server.url).host;
  }

  serve(name: string, config: Config): void {
    const site = this.#sites.get(name);
    if (!site) return;
    site.before = { config: site.config, left: this.lag };
    site.config = config;
  }

  async close(name: string): Promise<void> {
    const site = this.#sites.get(name);
    this.#sites.delete(name);
    await site?.server.close();
  }

  async closeAll(): Promise<void> {
    await Promise.all([...this.#sites.keys()].map((name) => this.close(name)));
  }

  async #serve(name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    try {
      const config = this.#configOf(name);
      const { method = 'GET', url: path = '/', headers } = request;
      const url = new URL(path, 'http://gateway');
      const operation = operationFor(config.document, method, url.pathname);
      if (body.byteLength > maxBody) throw new GatewayRefusal(413, 'Payload Too Large');
      await this.#pass({ config, operation, method, url, headers, body }, response);
    } catch (error) {
      if (!(error instanceof GatewayRefusal)) this.#context.violation(`the gateway: ${String((error as Error).stack)}`);
      const code = error instanceof GatewayRefusal ? error.code : 500;
      const text = JSON.stringify({ message: (error as Error).message, code });
      if (response.headersSent) response.destroy();
      else response.writeHead(code, { 'content-type': 'application/json' }).end(text);
    }
  }

  #configOf(name: string): Config {
    const site = this.#sites.get(name);
    const isLate = site !== undefined && site.before.left-- > 0;
    const config = isLate ? site.before.config : site?.config;
    if (!config) throw new GatewayRefusal(404, 'The current request is not defined by this API.');
    return config;
  }

  async #pass(passed: Passed, response: ServerResponse): Promise<void> {
    const { config, operation, headers, url } = passed;
    const api = config.name.split('/configs/')[0] ?? '';
    const { document } = config;
    const caller = this.#judge(passed, this.serviceOf(api));
    const costs = fieldsOf(fieldsOf(operation['x-google-quota'])['metricCosts']);
    for (const [metric, cost] of Object.entries(costs))
      this.#count(api, document, metric, Number(cost), caller.project);
    const management = fieldsOf(document['x-google-api-management']);
    const backend = String(operation['x-google-backend'] ?? document['x-google-backend']);
    const { address, jwtAudience, deadline, pathTranslation } = fieldsOf(fieldsOf(management['backends'])[backend]);
    const target = new URL(String(address));
    if (pathTranslation !== 'CONSTANT_ADDRESS')
      target.pathname = `${target.pathname.replace(/\/$/, '')}${url.pathname}`;
    target.search = url.search;
    const signed = jwtAudience !== undefined && {
      authorization: `Bearer ${this.#context.iam.idToken(config.gatewayServiceAccount, String(jwtAudience), this.#context.now())}`,
      ...(headers.authorization && { 'x-forwarded-authorization': headers.authorization }),
    };
    const claims = caller.claims !== undefined && { 'x-apigateway-api-userinfo': caller.claims };
    const { host: _host, connection: _connection, ...others } = headers;
    const seconds = Number(deadline ?? 0) || usualDeadline;
    await forward(
      target,
      { ...passed, headers: { ...others, ...signed, ...claims } },
      {
        response,
        ms: seconds * 1000 * this.#context.knobs.timeScale,
      },
    );
  }

  #judge({ config, operation, headers, url }: Passed, service: string): { project?: string; claims?: string } {
    const { document } = config;
    const [required = {}] = (operation['security'] ?? document['security'] ?? []) as Fields[];
    const schemes = fieldsOf(fieldsOf(document['components'])['securitySchemes']);
    const found: { project?: string; claims?: string } = {};
    for (const scheme of Object.keys(required).map((name) => fieldsOf(schemes[name]))) {
      if (scheme['type'] === 'apiKey') {
        const inHeader = scheme['in'] === 'header' ? headers[String(scheme['name'])] : undefined;
        const given = inHeader ?? url.searchParams.get(String(scheme['name'])) ?? undefined;
        found.project = this.callers.projectOf(given === undefined ? undefined : String(given), service);
      } else found.claims = this.callers.claimsOf(headers.authorization, fieldsOf(scheme['x-google-auth']), service);
    }
    return found;
  }

  /** Counts by consumer project; the limit is of the API as a whole, as the newest config has it. */
  #count(api: string, document: Fields, metric: string, cost: number, project: string | undefined): void {
    const limits = fieldsOf(fieldsOf(fieldsOf(document['x-google-api-management'])['quota'])['limits']);
    const limit = Object.values(limits).find((one) => fieldsOf(one)['metric'] === metric);
    if (project === undefined || !limit) throw new GatewayRefusal(500, `INTERNAL:no limit for ${metric}`);
    const minute = Math.floor(this.#context.now().getTime() / 60_000);
    const key = [api, metric, project, minute].join(' ');
    const count = (this.#counts.get(key) ?? 0) + cost;
    this.#counts.set(key, count);
    if (count <= Number(fieldsOf(limit)['values'])) return;
    throw new GatewayRefusal(
      429,
      `RESOURCE_EXHAUSTED:Quota exceeded for quota metric '${metric}' of the consumer ${project}`,
    );
  }
}

/** The operation that a request is for, or the gateway's own answer. */
function operationFor(document: Fields, method: string, path: string): Fields {
  const parts = path.split('/');
  const fits = operationsOf(document).filter((one) => {
    const pattern = one.path.split('/');
    const isSame = (part: string, at: number) => (part.startsWith('{') ? parts[at] !== '' : part === parts[at]);
    return pattern.length === parts.length && pattern.every(isSame);
  });
  // A path without parameters comes before one with them.
  const sorted = fits.sort((a, b) => a.path.split('{').length - b.path.split('{').length);
  const found = sorted.find(({ verb }) => verb.toUpperCase() === method);
  if (found) return found.operation;
  if (fits.length === 0) throw new GatewayRefusal(404, 'The current request is not defined by this API.');
  throw new GatewayRefusal(
    405,
    `The current request is matched to the defined url template "${sorted[0]?.path}" but its http method is not allowed`,
  );
}

function forward(
  target: URL,
  { method, headers, body }: Pick<Passed, 'method' | 'headers' | 'body'>,
  { response, ms }: { response: ServerResponse; ms: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => sent.destroy(new GatewayRefusal(504, 'upstream request timeout')), ms);
    const sent = send(target, { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', reject);
      answer.on('end', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    sent.on('error', (error) => {
      clearTimeout(timer);
      reject(error instanceof GatewayRefusal ? error : new GatewayRefusal(503, 'upstream connect error'));
    });
    sent.end(body);
  });
}
