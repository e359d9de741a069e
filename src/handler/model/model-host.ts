import { sinceStart } from '../clock.ts';
import { SessionCare } from '../session/session-care.ts';
import { Backoff } from './backoff.ts';
import { bindManifest } from './bound-manifest.ts';
import type { HostDeps, RefreshState } from './host-deps.ts';
import { LoadError, toLoadError } from './load-error.ts';
import { loadAgain, loadFirst, loadNext, openApart } from './load-version.ts';
import { once } from './once.ts';
import { PointerWatch } from './pointer-watch.ts';
import { isSame, type Resolved, resolvePointer } from './resolve.ts';
import type { ServedModel } from './served-model.ts';

/** Serves one model name: loads it once, follows its pointer, swaps versions between requests. */
export class ModelHost {
  readonly name: string;
  readonly #deps: HostDeps;
  #current: ServedModel | undefined;
  readonly #care: SessionCare;
  #closed = false;
  #loading: Promise<ServedModel> | undefined;
  readonly #backoff: Backoff;
  readonly #watch: PointerWatch;
  #lookedAt = 0;
  #previousPaths: string[] = [];

  constructor(name: string, deps: HostDeps) {
    this.name = name;
    this.#deps = deps;
    this.#backoff = new Backoff(deps.now, deps.random);
    const { settings, note, now, random } = deps;
    this.#care = new SessionCare({
      ...{ name, note, now, backoff: this.#backoff, openApart: openApart(deps) },
      drop: (model) => this.#drop(model),
      bringBack: async () => {
        if (!this.#closed && !this.#current) await this.#load();
      },
    });
    this.#watch = new PointerWatch({
      ...{ now, random, refreshSeconds: settings.refreshSeconds, followOverSeconds: settings.followOverSeconds },
      look: (token) => {
        this.#lookedAt = sinceStart();
        return resolvePointer(deps.reader, name, settings.pointer, token);
      },
      follow: (found) => this.#follow(found),
      refused: (error, found) => this.#tellRefusal(error, found),
    });
  }

  /** The version being served, if one is loaded. */
  get current(): ServedModel | undefined {
    return this.#current;
  }

  /** Whether the model was loaded, was lost, and is not back yet. */
  get isLost(): boolean {
    return !this.#current && this.#care.gone !== undefined;
  }

  /** What is served, or is to come back. */
  get #served(): Resolved | undefined {
    return this.#current?.loaded.resolved ?? this.#care.gone;
  }

  get refreshState(): RefreshState {
    return this.#watch.state;
  }

  /**
   * Returns the version to serve one request with, loaded if none is; call its `release` when the request is done.
   * Throws LoadError; after a failure the next attempts are spaced, and callers in between get the same error.
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
    if (this.#closed) throw new LoadError('runtime-unavailable', 'The function is ending.');
    this.#backoff.check();
    this.#loading ??= this.#loadFirst().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** Loads what the store names, or once more what was lost, which needs no store. */
  async #loadFirst(): Promise<ServedModel> {
    try {
      if (this.#care.gone) return await this.#loadAgain(this.#care.gone);
      const askedAt = this.#deps.now();
      const model = await loadFirst(this.#deps, this.name);
      this.#backoff.reset();
      this.#watch.start(model.loaded.resolved, askedAt);
      return this.#serve(model);
    } catch (thrown) {
      const error = toLoadError(thrown, 'model-unusable', `Loading ${this.name} failed`);
      this.#backoff.failed(error);
      this.#deps.note('error', 'load-failed', { model: this.name, code: error.code, reason: error.message });
      throw error;
    }
  }

  async #loadAgain(resolved: Resolved): Promise<ServedModel> {
    const model = await loadAgain(this.#deps, resolved);
    // A newer version may have come meanwhile.
    if (this.#current) await model.session.close();
    return this.#current ?? this.#serve(model);
  }

  #serve(model: ServedModel): ServedModel {
    this.#current = model;
    this.#care.attend(model);
    return model;
  }

  #drop(model: ServedModel): boolean {
    if (this.#closed || this.#current !== model) return false;
    this.#current = undefined;
    void this.#retire(model);
    return true;
  }

  /** Moves the runs of the served version to a separate thread. */
  isolate(): void {
    if (this.#deps.isolate && this.#current && !this.#closed) this.#care.isolate(this.#current);
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

  async #follow(found: Resolved): Promise<void> {
    const started = this.#lookedAt;
    const bind = once(() => bindManifest(this.#deps.reader, this.#deps.cache(), found));
    if (isSame(found, this.#served)) return void (await bind());
    const next = await loadNext(this.#deps, found, bind, sinceStart() - started);
    await this.#swap(next, sinceStart() - started);
  }

  #tellRefusal({ code, message: reason }: LoadError, found: Resolved | undefined): void {
    const facts = { model: this.name, serving: this.#served?.version, refused: found?.version, code, reason };
    this.#deps.note('error', 'swap-refused', facts);
  }

  async #swap(next: ServedModel, ms: number): Promise<void> {
    const [old, from] = [this.#current, this.#served?.version];
    this.#serve(next);
    const facts = { model: this.name, from, to: next.version, sha256: next.sha256, ms: Math.round(ms) };
    this.#deps.note('info', 'swapped', facts);
    const kept = new Set([...(old?.loaded.paths ?? []), ...next.loaded.paths]);
    const outdated = this.#previousPaths.filter((path) => !kept.has(path));
    this.#previousPaths = old?.loaded.paths ?? outdated;
    // The previous version stays on disk, for a quick rollback; older ones are removed.
    await this.#retire(old, async () => {
      for (const path of outdated) await this.#deps.cache().remove(path);
    });
  }

  async #retire(model: ServedModel | undefined, afterwards?: () => Promise<void>): Promise<void> {
    const failed = (thrown: unknown): void => {
      const { message: reason } = toLoadError(thrown, 'model-unusable', `Closing ${model?.version} failed`);
      this.#deps.note('warn', 'not-closed', { model: this.name, version: model?.version, reason });
    };
    await model?.retire({ ...(afterwards && { afterwards }), failed });
  }

  /** Frees what is loaded, or is being loaded, once requests in flight have let go. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled([this.#watch.end(), this.#loading, this.#care.idle()]);
    await this.#retire(this.#current);
    this.#current = undefined;
  }
}
