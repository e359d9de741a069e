import { type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import { fieldsOf } from '../../fakes/clouds/fields.ts';
import { LoopbackServer, readAll } from '../../fakes/clouds/loopback.ts';
import { GatewayRefusal } from './refusal.ts';
import { Answered, type GatewayAnswer, type GatewayMemory, type Passing, runSection } from './run.ts';
import type { Api, ApimState, Revision } from './state.ts';

const notFound = () => new GatewayRefusal(404, 'Resource not found');

interface GatewayCall {
  api: Api;
  revision: Revision;
  /** Below the API: `/v1/infer`. */
  path: string;
  url: URL;
  request: IncomingMessage;
  body: Buffer;
}

/** The gateway of a service: an address that executes the policies of APIs before and after what is behind them. */
export class Gateway implements GatewayMemory {
  /** Requests after a change of a current revision, or a new one, that the gateway does not know of yet. */
  lag = 0;
  /** Whether the service still lets `forward-request` take its own seconds: 0.01 makes 100 s one. */
  timeScale = 1;
  readonly counts: GatewayMemory['counts'] = new Map();
  readonly cache: GatewayMemory['cache'] = new Map();
  readonly #state: ApimState;
  /** Per API: what is served, and how many requests more meet what was before. */
  readonly #seen = new Map<string, { now: string; before: string | undefined; left: number }>();
  #server: LoopbackServer | undefined;

  constructor(state: ApimState) {
    this.#state = state;
  }

  readonly now = (): Date => this.#state.azure.context.now();

  async open(): Promise<string> {
    this.#server = await LoopbackServer.open((request, response) => this.#serve(request, response));
    return this.#server.url;
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readAll(request);
    const answer = await this.#answer(request, body);
    response.writeHead(answer.status, answer.headers).end(request.method === 'HEAD' ? undefined : answer.body);
  }

  async #answer(request: IncomingMessage, body: Buffer): Promise<GatewayAnswer> {
    let call: GatewayCall;
    try {
      call = { ...this.#find(new URL(request.url ?? '/', 'http://gateway')), request, body };
    } catch (error) {
      return this.#refusal(error);
    }
    const passing = passingOf(call);
    const sections = call.revision.policy?.read.sections;
    try {
      await this.#enter(call, passing);
      await runSection(sections?.inbound ?? [], passing, this);
      await runSection(sections?.backend ?? [], passing, this);
      const answer = await forward(this.#targetOf(call, passing), call, passing, this.timeScale);
      await runSection(sections?.outbound ?? [], passing, this);
      const whole = { ...answer, headers: { ...answer.headers, ...passing.answered } };
      this.#keep(passing, whole);
      return whole;
    } catch (error) {
      if (error instanceof Answered) return error.answer;
      // What the built-in steps refuse is not shown to the policies of an API here: nothing may depend on it.
      if (error instanceof BuiltIn) return this.#refusal(error.refusal);
      await runSection(sections?.['on-error'] ?? [], passing, this);
      const refused = this.#refusal(error);
      return { ...refused, headers: { ...refused.headers, ...passing.answered } };
    }
  }

  /** API, revision and the rest of the path. Throws GatewayRefusal. */
  #find(url: URL): Pick<GatewayCall, 'api' | 'revision' | 'path' | 'url'> {
    const path = decodeURIComponent(url.pathname);
    for (const api of this.#state.apis.values()) {
      const pattern = new RegExp(`^/${api.path.replaceAll('.', '\\.')}(?:;rev=(\\w+))?(?<rest>/.*)?$`, 'i');
      const found = pattern.exec(path);
      if (!found) continue;
      const number = found[1] ?? this.#currentOf(api);
      const revision = number === undefined ? undefined : api.revisions.get(number);
      if (!revision || (found[1] !== undefined && this.#isUnknown(api, number ?? ''))) throw notFound();
      return { api, revision, path: found.groups?.['rest'] ?? '/', url };
    }
    throw notFound();
  }

  /** What the gateway takes for the current revision: it may lag. */
  #currentOf(api: Api): string | undefined {
    const seen = this.#seen.get(api.id) ?? { now: api.current, before: undefined, left: 0 };
    if (seen.now !== api.current) Object.assign(seen, { before: seen.now, now: api.current, left: this.lag });
    this.#seen.set(api.id, seen);
    return seen.left-- > 0 ? seen.before : seen.now;
  }

  #isUnknown(api: Api, number: string): boolean {
    const key = `${api.id};rev=${number}`;
    const seen = this.#seen.get(key) ?? { now: number, before: undefined, left: this.lag };
    this.#seen.set(key, seen);
    return seen.left-- > 0;
  }

  /** The steps that are built in: operation, and subscription. CORS sees a preflight before them. */
  async #enter({ api, revision, path, request }: GatewayCall, passing: Passing): Promise<void> {
    const isPreflight = request.method === 'OPTIONS' && 'access-control-request-method' in request.headers;
    const cors = revision.policy?.read.sections.inbound.find(({ name }) => name === 'cors');
    if (isPreflight && cors) await runSection([cors], passing, this);
    const operation = revision.operations.find(
      ({ method, urlTemplate }) => method === request.method && fits(urlTemplate, path),
    );
    if (!operation) throw new BuiltIn(notFound());
    passing.expression['context.Operation.UrlTemplate'] = operation.urlTemplate;
    const key = request.headers['ocp-apim-subscription-key'] ?? undefined;
    const found = [...this.#state.subscriptions].find(([, { keys }]) => keys.includes(String(key)));
    if (revision.properties['subscriptionRequired'] !== false) this.#checkSubscription(api, key, found?.[1]);
    passing.subscription = found?.[0];
  }

  #checkSubscription(api: Api, key: unknown, found: { scope: string; state: string } | undefined): void {
    if (key === undefined) {
      const message =
        'Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.';
      throw new BuiltIn(new GatewayRefusal(401, message));
    }
    const product = /\/products\/([^/]+)$/.exec(found?.scope ?? '')?.[1];
    const isFor =
      found?.state === 'active' &&
      (/\/apis$/.test(found.scope) ||
        found.scope.endsWith(`/apis/${api.id}`) ||
        (product !== undefined && this.#state.products.get(product)?.has(api.id) === true));
    if (isFor) return;
    const message =
      'Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.';
    throw new BuiltIn(new GatewayRefusal(401, message));
  }

  #targetOf({ revision, path, url }: GatewayCall, passing: Passing): { url: URL; headers: Record<string, string> } {
    const backend = passing.backend === undefined ? undefined : this.#state.backends.get(passing.backend);
    const credentials = fieldsOf(fieldsOf(backend?.['credentials'])['header']) as Record<string, string[]>;
    const filled = (text: string) =>
      text.replaceAll(/\{\{([^}]*)\}\}/g, (_all, name: string) => this.#state.valueOf(name) ?? '');
    const headers = Object.entries(credentials).map(([name, values]) => [
      name.toLowerCase(),
      values.map(filled).join(','),
    ]);
    const base = String(backend?.['url'] ?? revision.properties['serviceUrl']).replace(/\/$/, '');
    return {
      url: new URL(`${base}${path}${url.search}`),
      headers: Object.fromEntries(headers) as Record<string, string>,
    };
  }

  #keep({ method, keep, cacheKey }: Passing, answer: GatewayAnswer): void {
    if (keep === undefined || method !== 'GET' || answer.status !== 200) return;
    this.cache.set(cacheKey, { until: this.now().getTime() + keep * 1000, answer });
  }

  #refusal(error: unknown): GatewayAnswer {
    const isRefusal = error instanceof GatewayRefusal;
    if (!isRefusal) this.#state.azure.context.violation(`the gateway: ${String((error as Error).stack)}`);
    const status = isRefusal ? error.status : 500;
    const headers = { 'content-type': 'application/json', ...(isRefusal && error.headers) };
    return {
      status,
      headers,
      body: Buffer.from(JSON.stringify({ statusCode: status, message: (error as Error).message })),
    };
  }
}

/** A refusal of a step that is no policy. */
class BuiltIn extends Error {
  readonly refusal: GatewayRefusal;

  constructor(refusal: GatewayRefusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

const passingOf = ({ api, revision, request, url }: GatewayCall): Passing => ({
  ...{ method: request.method ?? 'GET', headers: { ...request.headers }, subscription: undefined, backend: undefined },
  expression: {
    'context.Request.IpAddress': request.socket.remoteAddress ?? '',
    'context.Request.Method': request.method ?? '',
    'context.Operation.UrlTemplate': '',
  },
  ...{ cacheKey: `${api.id} ${revision.number} ${url.href}`, answered: {}, keep: undefined, timeout: 300 },
});

const fits = (template: string, path: string): boolean =>
  new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path);

function forward(
  target: { url: URL; headers: Record<string, string> },
  { body }: GatewayCall,
  { method, headers, timeout }: Passing,
  timeScale: number,
): Promise<GatewayAnswer> {
  const { host: _host, connection: _connection, ...others } = headers;
  return new Promise((resolve, reject) => {
    const seconds = timeout * timeScale;
    const timer = setTimeout(
      () => sent.destroy(new GatewayRefusal(504, 'The backend did not answer in time.')),
      seconds * 1000,
    );
    const sent = send(target.url, { method, headers: { ...others, ...target.headers }, agent: false }, (answer) => {
      readAll(answer).then((bytes) => {
        clearTimeout(timer);
        const { 'transfer-encoding': _transfer, connection: _own, ...rest } = answer.headers;
        resolve({ status: answer.statusCode ?? 502, headers: rest as Record<string, string>, body: bytes });
      }, reject);
    });
    sent.on('error', (error) => {
      clearTimeout(timer);
      reject(error instanceof GatewayRefusal ? error : new GatewayRefusal(500, 'BackendConnectionFailure'));
    });
    sent.end(body);
  });
}
