import { randomUUID } from 'node:crypto';
import type { PackageFile } from '../../src/package/package-file.ts';
import {
  type Deployed,
  type FunctionView,
  MovedError,
  type Platform,
  type Wanted,
} from '../../src/rollout/platform.ts';
import type { Answer, CallOptions } from '../../src/rollout/proof/http.ts';
import type { Endpoint } from '../../src/rollout/proof/prove.ts';
import { sortedEntries } from '../../src/rollout/wanted.ts';

export interface MemoryRevision extends Deployed {
  /** What the function reports as its revision. */
  reports: string;
  /** It fails its proof. */
  broken: boolean;
  publishedAt: number;
}

export interface MemoryFunction {
  name: string;
  /** Changes with each change of what callers see: what a compare-and-swap compares. */
  generation: number;
  revisions: Map<string, MemoryRevision>;
  live: string | undefined;
  /** Ids by the version that they are pinned to. */
  candidates: Map<string, string>;
}

interface MemoryView extends FunctionView<MemoryRevision> {
  generation: number;
}

/** Model versions by number, and the one that the pointer names. */
export interface MemoryModels {
  pointer: string;
  versions: Map<string, { sha256: string; factor: number }>;
}

/** A service for functions that keeps everything in memory, and what a rollout must never do to it. */
export class MemoryService {
  readonly functions = new Map<string, MemoryFunction>();
  readonly models: MemoryModels;
  /** Packages whose function does not prove itself, by sha256. */
  readonly broken = new Set<string>();
  /** Packages whose function proves itself, and fails as soon as callers reach it. */
  readonly spoiling = new Set<string>();
  /** Revisions that have answered with what they were asked to prove. */
  readonly proven = new Set<string>();
  readonly violations: string[] = [];
  /** Revisions that nothing names are removed only once it has moved on: they could be another run's, about to be named. */
  clock = 0;
  #count = 0;

  constructor(models: MemoryModels) {
    this.models = models;
  }

  get(name: string): MemoryFunction {
    const made: MemoryFunction = {
      name,
      generation: 0,
      revisions: new Map(),
      live: undefined,
      candidates: new Map(),
    };
    const found = this.functions.get(name) ?? made;
    this.functions.set(name, found);
    return found;
  }

  publish(name: string, { revision: reports, ...identity }: Wanted, { sha256 }: PackageFile): MemoryRevision {
    this.#count += 1;
    const id = `r${this.#count}`;
    const url = `http://${name}.memory/${id}`;
    const revision = { ...identity, id, url, reports, broken: this.broken.has(sha256), publishedAt: this.clock };
    this.get(name).revisions.set(id, revision);
    return revision;
  }

  /** Answers as the handler does. */
  answer(name: string, id: string, path: string, json?: unknown): Answer {
    const { revisions, live } = this.functions.get(name) ?? {};
    const found = revisions?.get(id);
    const spoilt = found !== undefined && live === id && this.spoiling.has(found.packageSha256);
    if (!found || found.broken || spoilt)
      return { status: 503, headers: {}, body: { error: { message: 'out of order' } } };
    const version = found.version ?? this.models.pointer;
    const { sha256, factor } = this.models.versions.get(version)!;
    const model = { name: 'digits', version, sha256 };
    if (path.startsWith('/v1/health')) return { status: 200, headers: {}, body: health(model, found.reports) };
    this.proven.add(id);
    const x = (json as { inputs: { x: number[] } }).inputs.x;
    const headers = { 'x-coldgate-version': version, 'x-coldgate-sha256': sha256 };
    return { status: 200, headers, body: { outputs: { y: x.map((one) => one * factor) } } };
  }

  /** Moves live traffic; a revision that has not proven itself, or is gone, must never get any. */
  shift(name: string, id: string): void {
    const found = this.get(name);
    if (!found.revisions.has(id)) this.violations.push(`live traffic went to ${id}, which does not exist`);
    if (!this.proven.has(id)) this.violations.push(`live traffic went to ${id}, which had not proven itself`);
    found.live = id;
  }

  /** How many revisions callers can reach. */
  named(name: string): number {
    const found = this.functions.get(name);
    return found ? found.candidates.size + (found.live === undefined ? 0 : 1) : 0;
  }

  /** Something that no rollout did takes a revision away. */
  lose(name: string, id: string): void {
    const found = this.get(name);
    found.revisions.delete(id);
    forget(found, id);
    if (found.live === id) found.live = undefined;
    found.generation += 1;
  }

  /** Removes a revision; never the one that callers reach. */
  retire(name: string, id: string): void {
    const found = this.get(name);
    if (found.live === id) this.violations.push(`${id} was removed while it was live`);
    found.revisions.delete(id);
    forget(found, id);
  }
}

function forget({ candidates }: MemoryFunction, id: string): void {
  for (const [version, named] of candidates) if (named === id) candidates.delete(version);
}

const health = (model: object, revision: string) => ({
  ...{ status: 'ok', cold_start: true, instance_id: randomUUID(), revision, model, sample: 'ok' },
  timings: {
    init_ms: 1,
    import_ms: 1,
    fetch_ms: 1,
    verify_ms: 1,
    session_ms: 1,
    model_loaded_ms: 0.001,
    first_run_ms: 1,
  },
});

/**
 * A platform over the service, for one rollout. `step` is awaited before every call that reaches the service, so a test
 * decides who goes on when, or never again.
 */
export function memoryPlatform(
  service: MemoryService,
  step: () => Promise<void> = async () => {},
): Platform<MemoryRevision, MemoryView> {
  /** One change, in one step, if nothing that callers see has changed since the view. */
  const change = async (view: MemoryView, work: (found: MemoryFunction) => void): Promise<void> => {
    await step();
    const found = service.functions.get(view.name);
    if (!found || found.generation !== view.generation) throw new MovedError(new Error('another run was here'));
    work(found);
    found.generation += 1;
    view.generation = found.generation;
  };
  const endpoint = (name: string, { id }: MemoryRevision, url = `http://${name}.memory/${id}`): Endpoint => ({
    url,
    async send(path: string, { json }: CallOptions) {
      await step();
      return service.answer(name, id, path, json);
    },
  });
  const observe = async (name: string): Promise<MemoryView | undefined> => {
    await step();
    const found = service.functions.get(name);
    return found && viewOf(found);
  };
  return {
    key: 'memory',
    platform: { os: 'linux', arch: 'x64' },
    entry: 'node.cjs',
    exclusive: (_name, work) => work(),
    settingsOf: ({ settings }) => [sortedEntries(settings.storeVariables), sortedEntries(settings.handlerVariables)],
    observe,
    async open({ settings: { name } }) {
      await step();
      return viewOf(service.get(name));
    },
    async publish(view, wanted, request) {
      await step();
      if (!service.functions.has(view.name)) throw new MovedError(new Error('the function is gone'));
      return { revision: service.publish(view.name, wanted, request.package), fresh: true };
    },
    direct: (view, revision) => endpoint(view.name, revision),
    async expose(view, revision) {
      const url = revision.role === 'candidate' ? `http://${view.name}.memory/${revision.id}` : liveUrl(view.name);
      const pin = revision.version ?? '';
      const isKnown = revision.role !== 'candidate' || service.get(view.name).candidates.get(pin) === revision.id;
      if (!isKnown) await change(view, ({ candidates }) => candidates.set(pin, revision.id));
      return { url, changed: !isKnown };
    },
    endpoint: ({ name }, { role, version }) => {
      const found = service.get(name);
      const id = role === 'candidate' ? found.candidates.get(version ?? '') : found.live;
      const revision = found.revisions.get(id ?? '');
      if (!revision) throw new MovedError(new Error('the revision is gone'));
      return endpoint(name, revision, role === 'candidate' ? revision.url : liveUrl(name));
    },
    async shift(view, { to }) {
      if (view.live?.id === to.id) return { revision: to, changed: false };
      await change(view, () => service.shift(view.name, to.id));
      return { revision: to, changed: true };
    },
    async startCold(request, wanted) {
      await step();
      const revision = service.publish(request.settings.name, wanted, request.package);
      await step();
      const answer = service.answer(request.settings.name, revision.id, '/v1/health?warm=true');
      await step();
      service.retire(request.settings.name, revision.id);
      return { revision: revision.reports, roundTripMs: 5, outcome: { answer } };
    },
    async retire(view, revisions) {
      for (const { id } of revisions) await change(view, () => service.retire(view.name, id));
    },
    async tidy(view) {
      await step();
      const found = service.functions.get(view.name);
      if (!found || found.generation !== view.generation) return;
      const named = new Set([found.live, ...found.candidates.values()]);
      for (const { id, publishedAt } of [...found.revisions.values()]) {
        if (!named.has(id) && publishedAt < service.clock) service.retire(view.name, id);
      }
    },
    async removeAll(name, view) {
      await step();
      service.functions.delete(name);
      const named = [...(view?.live ? [view.live] : []), ...(view?.candidates ?? [])];
      return named.map(({ id }) => ({ action: 'delete', what: id }));
    },
    list: async () => [...service.functions.keys()].map((name) => ({ name, storeVariables: undefined })),
    label: (_view, { id }) => `as ${id}`,
  };
}

const liveUrl = (name: string): string => `http://${name}.memory/live`;

function viewOf({ name, generation, revisions, live, candidates }: MemoryFunction): MemoryView {
  const named = (id: string): MemoryRevision[] => [revisions.get(id)].filter((one) => one !== undefined);
  return {
    ...{ name, generation },
    live: live === undefined ? undefined : named(live).map((one) => ({ ...one, url: liveUrl(name) }))[0],
    candidates: [...candidates.values()].flatMap(named),
    revisions: [...revisions.values()],
  };
}
