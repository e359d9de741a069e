import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { githubOpenapi } from '../emulators/github-openapi.ts';
import { install, isWanted, whyNot } from '../emulators/part.ts';
import { type Reply, refusal } from './answers.ts';
import { Description, type Found } from './description.ts';
import { routes } from './routes.ts';
import { type Behaviour, type Fault, State } from './state.ts';

export interface GitHubServer {
  /** What goes into GITHUB_API_URL. */
  url: string;
  state: State;
  stop(): Promise<void>;
}

interface ServerOptions {
  port?: number;
  /** `/api/v3` as on an own server of GitHub. */
  prefix?: string;
  say?: (line: string) => void;
}

const versions = ['2022-11-28', '2026-03-10'];

/** What GitHub wants of every request, and what its client libraries could leave out by mistake. */
function headerProblems({ headers }: IncomingMessage): string[] {
  const accept = headers.accept === 'application/vnd.github+json';
  const version = versions.includes(String(headers['x-github-api-version']));
  return [
    ...(accept ? [] : [`header accept is ${headers.accept}`]),
    ...(version ? [] : [`header x-github-api-version is ${headers['x-github-api-version']}`]),
    ...(headers['user-agent'] ? [] : ['header user-agent is missing']),
    ...(headers['transfer-encoding'] ? ['a body without content-length'] : []),
  ];
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

/** GitHub's REST API over a state in memory. Nothing that differs from its published description gets an answer of success. */
class Api {
  readonly state = new State();
  readonly #description = new Description();
  readonly #prefix: string;
  readonly #say: (line: string) => void;
  base = '';

  constructor({ prefix = '', say = () => {} }: ServerOptions) {
    this.#prefix = prefix;
    this.#say = say;
  }

  #violation(line: string): void {
    this.state.violations.push(line);
    this.#say(`not as described: ${line}`);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const text = await textOf(request);
    if (url.pathname.startsWith('/_')) return this.#control(url.pathname, text, response);
    const method = request.method ?? 'GET';
    const at = `${method} ${url.pathname}`;
    const fault = this.#takeFault(at);
    if (fault?.delayMs) await new Promise((resolve) => setTimeout(resolve, fault.delayMs));
    const refused = fault && {
      ...refusal(fault.status, fault.message ?? 'Server Error'),
      headers: fault.headers ?? {},
    };
    const { reply, route, body } =
      fault && !fault.done ? { reply: refused, route: '', body: undefined } : this.#answer(request, url, text);
    const sent = refused ?? reply ?? refusal(500, 'Server Error');
    this.state.calls.push({ method, url: `${url.pathname}${url.search}`, route, status: sent.status, body });
    if (fault?.hangUp) return void request.socket.destroy();
    response.writeHead(sent.status, {
      ...(sent.body !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
      'x-ratelimit-remaining': '4999',
      ...sent.headers,
    });
    response.end(sent.body === undefined ? undefined : JSON.stringify(sent.body));
  }

  #takeFault(at: string): Fault | undefined {
    const { faults } = this.state.behaviour;
    const fault = faults.find(({ match = '' }) => at.includes(match));
    if (!fault) return undefined;
    fault.times = (fault.times ?? 1) - 1;
    if (fault.times === 0) faults.splice(faults.indexOf(fault), 1);
    return fault;
  }

  #answer(request: IncomingMessage, url: URL, text: string): { reply: Reply; route: string; body: unknown } {
    const { pathname, searchParams } = url;
    const method = request.method ?? 'GET';
    const token = /^(?:token|bearer) (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    if (!token || this.state.behaviour.logins[token] === '') {
      return { reply: refusal(401, 'Bad credentials'), route: '', body };
    }
    const login = this.state.behaviour.logins[token] ?? 'github-actions[bot]';
    if (pathname === `${this.#prefix.replace(/\/v3$/, '')}/graphql`) return this.#viewer(login, body);
    const path = pathname.slice(this.#prefix.length);
    const found = pathname.startsWith(this.#prefix) ? this.#description.find(method, path) : undefined;
    const route = found?.operation.route ?? '';
    const problems = found
      ? [...headerProblems(request), ...this.#description.requestProblems(found, searchParams, body)]
      : ['no such operation'];
    for (const problem of problems) this.#violation(`${method} ${pathname}: ${problem}`);
    if (!found || problems.length > 0)
      return { reply: refusal(404, `Not as described: ${problems.join('; ')}`), route, body };
    const reply = this.#carryOut(found, searchParams, body as Record<string, unknown>, login);
    for (const problem of this.#description.answerProblems(found, reply.status, reply.body)) {
      this.#violation(`answer to ${route}: ${problem}`);
    }
    return { reply, route, body };
  }

  /** The one query that the description has no words for: GraphQL is described elsewhere. */
  #viewer(login: string, body: unknown): { reply: Reply; route: string; body: unknown } {
    const query = (body as { query?: string } | undefined)?.query;
    if (query !== 'query { viewer { login } }') this.#violation(`POST /graphql: unknown query ${query}`);
    return { reply: { status: 200, body: { data: { viewer: { login } } } }, route: 'POST /graphql', body };
  }

  #carryOut(found: Found, query: URLSearchParams, body: Record<string, unknown>, login: string): Reply {
    const { state } = this;
    const route = routes[found.operation.route];
    if (!route) {
      this.#violation(`${found.operation.route} is described, but this server does not know how to do it`);
      return refusal(404, 'Not Found');
    }
    const { denied, hidden } = state.behaviour;
    const [scope, right] = route.needs.split(': ');
    const lacks = denied.includes(route.needs) || (right === 'write' && denied.includes(`${scope}: read`));
    if (lacks) return hidden ? refusal(404, 'Not Found') : refusal(403, 'Resource not accessible by integration');
    const { owner = '', repo = '' } = found.path;
    const repository = state.repository(owner, repo);
    const slug = `${owner}/${repo}`;
    const { path } = found;
    return route.answer({
      state,
      description: this.#description,
      repository,
      base: this.base,
      slug,
      login,
      path,
      query,
      body,
    });
  }

  /** For tests in other processes: `GET /_state`, `POST /_behaviour`, `POST /_pulls`. */
  #control(path: string, text: string, response: ServerResponse): void {
    if (path === '/_behaviour') Object.assign(this.state.behaviour, JSON.parse(text) as Partial<Behaviour>);
    if (path === '/_pulls') {
      const { owner, repo, pulls } = JSON.parse(text);
      this.state.repository(owner, repo).pulls.push(...pulls);
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(this.state));
  }
}

/** Starts it on loopback. Brings the description where it is missing; throws why there is none. */
export async function startGitHub(options: ServerOptions = {}): Promise<GitHubServer> {
  if (isWanted(githubOpenapi, false)) await install(githubOpenapi);
  const missing = whyNot(githubOpenapi);
  if (missing) throw new Error(`There is no description of GitHub's API here: ${missing}`);
  const api = new Api(options);
  const server = createServer((request, response) => {
    api.serve(request, response).catch((error: Error) => {
      api.state.violations.push(`the server failed: ${error.stack}`);
      response.writeHead(500).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  api.base = `${origin}${options.prefix ?? ''}`;
  return {
    url: api.base,
    state: api.state,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '0' }, prefix: { type: 'string' } } });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const server = await startGitHub({ port: Number(values.port), ...(values.prefix && { prefix: values.prefix }), say });
  process.stdout.write(`${server.url}\n`);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => void server.stop());
}
