import { randomUUID } from 'node:crypto';
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLogger } from '../../src/log.ts';
import type { PackageFile } from '../../src/package/package-file.ts';
import { type Deployed, type FunctionView, MovedError, type Platform } from '../../src/rollout/platform.ts';
import { call } from '../../src/rollout/proof/http.ts';
import type { Endpoint } from '../../src/rollout/proof/prove.ts';
import { rolloutTarget } from '../../src/rollout/rollout.ts';
import { sortedEntries } from '../../src/rollout/wanted.ts';
import { targetContract } from '../contracts/target.ts';

/** All that a new service needs to write: a server a revision, and a router in front whose table takes compare-and-swap. */
interface Instance extends Deployed {
  server: Server;
  url: string;
  reports: string;
}

interface RouterView extends FunctionView<Instance> {
  generation: number;
}

const models = new Map([
  ['1.0.0', { sha256: 'a'.repeat(64), factor: 2 }],
  ['1.1.0', { sha256: 'b'.repeat(64), factor: 3 }],
]);
let pointer = '1.0.0';

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const listen = (server: Server): Promise<Server> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
const endpointAt = (url: string): Endpoint => ({ url, send: (path, options) => call(`${url}${path}`, options) });

/** A function that multiplies. */
async function start(pin: string | null, reports: string): Promise<Server> {
  const instance = randomUUID();
  const server = createServer(async (incoming, reply) => {
    const version = pin ?? pointer;
    const { sha256, factor } = models.get(version)!;
    const chunks = await incoming.toArray();
    reply.setHeader('x-coldgate-version', version).setHeader('x-coldgate-sha256', sha256);
    if (chunks.length > 0) {
      const { inputs } = JSON.parse(Buffer.concat(chunks).toString()) as { inputs: { x: number[] } };
      return reply.end(JSON.stringify({ outputs: { y: inputs.x.map((one) => one * factor) } }));
    }
    const model = { name: 'digits', version, sha256 };
    const timings = { model_loaded_ms: 0.01, session_ms: 0.01 };
    const health = { status: 'ok', cold_start: true, instance_id: instance, revision: reports, model, sample: 'ok' };
    return reply.end(JSON.stringify({ ...health, timings }));
  });
  return listen(server);
}

class Router {
  generation = 0;
  live: Instance | undefined;
  previous: Instance | undefined;
  candidates = new Map<string, Instance>();
  revisions = new Set<Instance>();
  readonly front = createServer((incoming, reply) => {
    if (!this.live) return reply.writeHead(503).end();
    const { method, headers, url } = incoming;
    const sent = forward(`${this.live.url}${url}`, { method, headers }, (answer) => {
      answer.pipe(reply.writeHead(answer.statusCode ?? 500, answer.headers));
    });
    return incoming.pipe(sent);
  });

  view(name: string): RouterView {
    const { generation, revisions } = this;
    const live = this.live && { ...this.live, url: urlOf(this.front) };
    return { name, generation, live, candidates: [...this.candidates.values()], revisions: [...revisions] };
  }

  change(view: RouterView, work: () => void): void {
    if (view.generation !== this.generation) throw new MovedError(new Error('the table has changed'));
    work();
    this.generation += 1;
    view.generation = this.generation;
  }

  serve(instance: Instance): void {
    this.previous = this.live;
    this.live = instance;
  }

  stop(instance: Pick<Instance, 'id' | 'version'>): void {
    for (const one of this.revisions) {
      if (one.id !== instance.id) continue;
      this.revisions.delete(one);
      one.server.close();
      one.server.closeAllConnections();
    }
    if (this.candidates.get(instance.version ?? '')?.id === instance.id) this.candidates.delete(instance.version ?? '');
    if (this.live?.id === instance.id) this.live = undefined;
  }
}

const routerPlatform = (router: Router): Platform<Instance, RouterView> => ({
  ...{ key: 'router', platform: { os: 'linux', arch: 'x64' }, entry: 'node.cjs' },
  exclusive: (_name, work) => work(),
  settingsOf: ({ settings }) => sortedEntries({ ...settings.storeVariables, ...settings.handlerVariables }),
  observe: async (name) => router.view(name),
  open: async ({ settings }) => router.view(settings.name),
  async publish(_view, { revision: reports, ...identity }) {
    const server = await start(identity.version, reports);
    const revision = { ...identity, id: randomUUID(), url: urlOf(server), server, reports };
    router.revisions.add(revision);
    return { revision, fresh: true };
  },
  direct: (_view, { url }) => endpointAt(url),
  async expose(view, revision) {
    if (revision.role !== 'candidate') return { url: urlOf(router.front), changed: false };
    const { version, url } = revision;
    const changed = router.candidates.get(version ?? '')?.id !== revision.id;
    if (changed) router.change(view, () => router.candidates.set(version ?? '', revision));
    return { url, changed };
  },
  endpoint: (_view, _revision, { url }) => endpointAt(url),
  async shift(view, { to }) {
    const revision = [...router.revisions].find(({ id }) => id === to.id) ?? to;
    const changed = router.live?.id !== to.id;
    if (changed) router.change(view, () => router.serve(revision));
    return { revision, changed };
  },
  async startCold(request, wanted) {
    const began = performance.now();
    const server = await start(request.version, wanted.revision);
    const answer = await call(`${urlOf(server)}/v1/health?warm=true`, { timeoutMs: request.timeoutMs });
    server.close();
    return { revision: wanted.revision, roundTripMs: performance.now() - began, outcome: { answer } };
  },
  async retire(_view, revisions) {
    for (const one of revisions) router.stop(one);
  },
  async tidy() {
    const named = [router.live, router.previous, ...router.candidates.values()];
    for (const one of router.revisions) if (!named.includes(one)) router.stop(one);
  },
  async removeAll(_name, view) {
    const all = [view?.live, ...(view?.candidates ?? [])].filter((one) => one !== undefined);
    for (const one of [...router.revisions]) router.stop(one);
    return all.map(({ id }) => ({ action: 'delete', what: id }));
  },
  list: async () => (router.revisions.size === 0 ? [] : [{ name: 'digits', storeVariables: undefined }]),
  label: (_view, { url }) => `at ${url}`,
});

const file = (digit: string): PackageFile => ({ path: '', sha256: digit.repeat(64), size: 1 });
const stored = (version: string) => {
  const { sha256, factor } = models.get(version)!;
  return { version, sha256, sample: { inputs: { x: [1, 2] }, outputs: { y: [factor, 2 * factor] } } };
};

targetContract('behind a router', async () => {
  const router = new Router();
  await listen(router.front);
  return {
    target: rolloutTarget(routerPlatform(router), { log: silentLogger, signal: new AbortController().signal }),
    settings: { name: 'digits', model: 'digits', storeVariables: {}, handlerVariables: {} },
    packages: [file('1'), file('2')],
    versions: [stored('1.0.0'), stored('1.1.0')],
    point: (version) => {
      pointer = version;
    },
    crash: async (revision) => router.stop(revision),
    running: async () => router.candidates.size + (router.live ? 1 : 0),
    close: async () => {
      router.front.close();
      router.front.closeAllConnections();
    },
  };
});
