import { Backoff } from './backoff.ts';
import { bindManifest } from './bound-manifest.ts';
import { sinceStart } from './clock.ts';
import type { HostDeps, RefreshState } from './host-deps.ts';
import { LoadError, toLoadError } from './load-error.ts';
import { type Loading, loadModel } from './load-model.ts';
import { PointerWatch } from './pointer-watch.ts';
import { readFirstDocument } from './read-document.ts';
import { type Resolved, resolveModel, resolvePointer } from './resolve.ts';
import { loadRuntime } from './runtime.ts';
import { ServedModel } from './served-model.ts';
import type { OpenSession } from './session.ts';

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let done: Promise<T> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}

/** Serves one model name: loads it once, follows its pointer, swaps versions between requests. */
export class ModelHost {
  readonly name: string;
  readonly #deps: HostDeps;
  #current: ServedModel | undefined;
  #loading: Promise<ServedModel> | undefined;
  readonly #backoff: Backoff;
  readonly #watch: PointerWatch;
  #lookedAt = 0;
  #previousPaths: string[] = [];

  constructor(name: string, deps: HostDeps) {
    this.name = name;
    this.#deps = deps;
    this.#backoff = new Backoff(deps.now);
    const { settings, now, random } = deps;
    this.#watch = new PointerWatch({
      ...{ now, random, refreshSeconds: settings.refreshSeconds },
      look: (token) => this.#look(token),
      follow: (found) => this.#follow(found),
      refused: (error, found) => this.#tellRefusal(error, found),
    });
  }

  /** The version being served, if one is loaded. */
  get current(): ServedModel | undefined {
    return this.#current;
  }

  get refreshState(): RefreshState {
    return this.#watch.state;
  }

  /**
   * The version to serve one request with, loaded if none is; call its `release` when the request is done.
   * Throws LoadError; after a failure the next attempts are spaced, and meet the same error in between.
   */
  async lease(): Promise<ServedModel> {
    const model = this.#current ?? (await this.#load());
    // Between here and the caller nothing else runs, so what was current a moment ago cannot be closed yet.
    const held = this.#current ?? model;
    held.acquire();
    return held;
  }

  /** Loads ahead of the first request. Never rejects; a failure does not space the attempts that requests make. */
  async warm(): Promise<void> {
    if (this.#current) return;
    await this.#load().catch(() => this.#backoff.reset());
  }

  /** Seconds until another attempt makes sense. */
  get retryAfter(): number {
    return this.#backoff.retryAfter;
  }

  async #load(): Promise<ServedModel> {
    this.#backoff.check();
    this.#loading ??= this.#loadFirst().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #loadFirst(): Promise<ServedModel> {
    try {
      const { reader, settings, openFirst } = this.#deps;
      const askedAt = this.#deps.now();
      const started = sinceStart();
      const resolved = await resolveModel(reader, settings, this.name);
      const bind = once(() => bindManifest(reader, this.#deps.cache(), resolved, readFirstDocument));
      const loading = this.#loadingWith(openFirst, loadRuntime, bind);
      const loaded = await loadModel(loading, resolved, sinceStart() - started);
      this.#current = new ServedModel(loaded, reader);
      this.#backoff.reset();
      this.#watch.start(resolved, askedAt);
      return this.#current;
    } catch (thrown) {
      const error = toLoadError(thrown, 'model-unusable', `Loading ${this.name} failed`);
      this.#backoff.failed(error);
      this.#deps.note('error', 'load-failed', { model: this.name, code: error.code, reason: error.message });
      throw error;
    }
  }

  #loadingWith(openSession: OpenSession, prepare: Loading['prepare'], bind: Loading['bind']): Loading {
    const { reader, settings, note } = this.#deps;
    return {
      reader,
      cache: this.#deps.cache(),
      threads: settings.threads,
      openSession,
      prepare,
      bind,
      note: (event, facts) => note('warn', event, facts),
    };
  }

  /** Looks at the pointer in the background if it is time; never waits, never throws. */
  poll(): void {
    this.#watch.poll();
  }

  /** Looks at the pointer now, and serves what it names once that is loaded and proven. Never throws. */
  refresh(): Promise<void> {
    return this.#watch.refresh();
  }

  /** Something to wait for before a request is answered, where the pointer has not been looked at for too long. */
  get behind(): Promise<void> | undefined {
    return this.#watch.behind;
  }

  async #look(token: string): Promise<Resolved | 'unchanged'> {
    const { reader, settings } = this.#deps;
    this.#lookedAt = sinceStart();
    return resolvePointer(reader, this.name, settings.pointer, token);
  }

  async #follow(found: Resolved): Promise<void> {
    const started = this.#lookedAt;
    const bind = once(() => bindManifest(this.#deps.reader, this.#deps.cache(), found));
    const serving = this.#current;
    if (!serving) return;
    if (found.version === serving.version && found.sha256 === serving.sha256) {
      await bind();
      return;
    }
    const next = await this.#loadNext(found, sinceStart() - started, bind);
    await this.#swap(serving, next, sinceStart() - started);
  }

  #tellRefusal({ code, message: reason }: LoadError, found: Resolved | undefined): void {
    const facts = { model: this.name, serving: this.#current?.version, refused: found?.version, code, reason };
    this.#deps.note('error', 'swap-refused', facts);
  }

  async #loadNext(resolved: Resolved, resolveMs: number, bind: Loading['bind']): Promise<ServedModel> {
    const loading = this.#loadingWith(this.#deps.openNext, undefined, bind);
    const next = new ServedModel(await loadModel(loading, resolved, resolveMs), this.#deps.reader);
    try {
      const sample = await next.prove();
      if (sample.status !== 'mismatch') return next;
      const { formatDifference } = await import('../model/sample-compare.ts');
      throw new LoadError('sample-mismatch', `${resolved.version}: ${formatDifference(sample.difference)}.`);
    } catch (error) {
      await next.session.close();
      throw error;
    }
  }

  async #swap(old: ServedModel, next: ServedModel, ms: number): Promise<void> {
    this.#current = next;
    const facts = { model: this.name, from: old.version, to: next.version, sha256: next.sha256, ms: Math.round(ms) };
    this.#deps.note('info', 'swapped', facts);
    const kept = new Set([...old.loaded.paths, ...next.loaded.paths]);
    const outdated = this.#previousPaths.filter((path) => !kept.has(path));
    this.#previousPaths = old.loaded.paths;
    const cache = this.#deps.cache();
    // The version before this one stays on disk, for a quick way back; older ones go.
    const retired = old.retire(async () => {
      for (const path of outdated) await cache.remove(path);
    });
    // The new version serves whatever becomes of the old one.
    await retired.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      this.#deps.note('warn', 'retire-failed', { model: this.name, version: old.version, reason });
    });
  }

  /** Frees what is loaded, once requests in flight have let go. */
  async close(): Promise<void> {
    await this.#watch.end();
    const current = this.#current;
    this.#current = undefined;
    await current?.retire(async () => {});
  }
}
