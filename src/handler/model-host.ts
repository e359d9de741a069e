import { Backoff } from './backoff.ts';
import { sinceStart } from './clock.ts';
import type { HostDeps, RefreshState } from './host-deps.ts';
import { LoadError, toLoadError } from './load-error.ts';
import { type Loading, loadModel } from './load-model.ts';
import { type Resolved, resolveModel, resolvePointer } from './resolve.ts';
import { loadRuntime } from './runtime.ts';
import { ServedModel } from './served-model.ts';
import type { OpenSession } from './session.ts';

/** A forced refresh within this time of the last one is answered from it: health calls must not flood the store. */
const freshForMs = 1000;

/** Serves one model name: loads it once, follows its pointer, swaps versions between requests. */
export class ModelHost {
  readonly name: string;
  readonly #deps: HostDeps;
  #current: ServedModel | undefined;
  #loading: Promise<ServedModel> | undefined;
  readonly #backoff: Backoff;
  #token = '';
  #checkAt = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #refreshing: Promise<void> | undefined;
  #state: RefreshState = { status: 'current' };
  #previousPaths: string[] = [];

  constructor(name: string, deps: HostDeps) {
    this.name = name;
    this.#deps = deps;
    this.#backoff = new Backoff(deps.now);
  }

  /** The version being served, if one is loaded. */
  get current(): ServedModel | undefined {
    return this.#current;
  }

  get refreshState(): RefreshState {
    return this.#state;
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
      const started = sinceStart();
      const resolved = await resolveModel(reader, settings, this.name);
      const loading = this.#loadingWith(openFirst, loadRuntime);
      const loaded = await loadModel(loading, resolved, sinceStart() - started);
      this.#current = new ServedModel(loaded, reader);
      this.#token = resolved.token;
      this.#backoff.reset();
      this.#schedule();
      return this.#current;
    } catch (thrown) {
      const error = toLoadError(thrown, 'model-unusable', `Loading ${this.name} failed`);
      this.#backoff.failed(error);
      this.#deps.note('error', 'load-failed', { model: this.name, code: error.code, reason: error.message });
      throw error;
    }
  }

  #loadingWith(openSession: OpenSession, prepare: Loading['prepare']): Loading {
    const { reader, settings, note } = this.#deps;
    return {
      reader,
      cache: this.#deps.cache(),
      threads: settings.threads,
      openSession,
      prepare,
      note: (event, facts) => note('warn', event, facts),
    };
  }

  /** Looks at the pointer in the background if it is time; never waits, never throws. */
  poll(): void {
    if (this.#current && this.#deps.now() >= this.#checkAt) void this.refresh();
  }

  /** Looks at the pointer now, and serves what it names once that is loaded and proven. Never throws. */
  refresh(): Promise<void> {
    if (!this.#current?.loaded.resolved.follows) return Promise.resolve();
    if (!this.#refreshing && this.#deps.now() - this.#checkedAt < freshForMs) return Promise.resolve();
    this.#refreshing ??= this.#refresh(this.#current).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Spread by a fifth either way, so that instances started together do not ask together. */
  #schedule(): void {
    const { now, random, settings } = this.#deps;
    this.#checkAt = now() + settings.refreshSeconds * 1000 * (0.8 + 0.4 * random());
  }

  async #refresh(serving: ServedModel): Promise<void> {
    this.#schedule();
    this.#checkedAt = this.#deps.now();
    let resolved: Resolved | 'unchanged' = 'unchanged';
    try {
      const started = sinceStart();
      resolved = await resolvePointer(this.#deps.reader, this.name, this.#deps.settings.pointer, this.#token);
      if (resolved === 'unchanged') return;
      if (resolved.version !== serving.version || resolved.sha256 !== serving.sha256) {
        const next = await this.#loadNext(resolved, sinceStart() - started);
        await this.#swap(serving, next, sinceStart() - started);
      }
      this.#token = resolved.token;
      this.#state = { status: 'current' };
    } catch (thrown) {
      const error = toLoadError(thrown, 'model-unusable', `Following the pointer of ${this.name} failed`);
      // The same bytes would fail again: wait for the pointer to move instead of downloading them every time.
      if (resolved !== 'unchanged' && !error.transient) this.#token = resolved.token;
      this.#state = { status: 'failed', code: error.code };
      const refused = resolved === 'unchanged' ? undefined : resolved.version;
      const facts = { model: this.name, serving: serving.version, refused, code: error.code, reason: error.message };
      this.#deps.note('error', 'swap-refused', facts);
    }
  }

  async #loadNext(resolved: Resolved, resolveMs: number): Promise<ServedModel> {
    const loading = this.#loadingWith(this.#deps.openNext, undefined);
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
    await old.retire(async () => {
      for (const path of outdated) await cache.remove(path);
    });
  }

  /** Frees what is loaded, once requests in flight have let go. */
  async close(): Promise<void> {
    await this.#refreshing;
    const current = this.#current;
    this.#current = undefined;
    await current?.retire(async () => {});
  }
}
