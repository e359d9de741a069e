import { sleeplessClock } from '../clock.ts';
import type { AppDeps } from '../http/app-deps.ts';
import type { Call } from '../http/call.ts';
import type { Note } from '../http/note.ts';
import { openSession } from '../session/open-session.ts';
import type { Loss } from '../session/session.ts';
import type { StuckThreads } from '../session/stuck-threads.ts';
import { type ModelCache, openModelCache } from './model-cache.ts';
import { ModelHost } from './model-host.ts';

/**
 * How long runs may keep this thread from answering health, ms. Handing each to another thread takes some 40 us of CPU: a
 * sixth of a whole request with a model of 0.3 MB, and nothing beside such a run. The first of a process is always slow.
 */
const slowRunMs = 50;

/** What a request may take in without memory to give back, bytes. */
const largeBytes = 1024 * 1024;

/** The models of one function, and the threads that they run in. */
export class ModelHosts {
  /** By name; the first is the one of /v1/infer. */
  readonly byName: ReadonlyMap<string, ModelHost>;
  /** How many requests are being answered. */
  requests = 0;
  #stuck: StuckThreads | undefined;
  readonly #isolate: boolean;

  constructor(deps: AppDeps, note: Note) {
    const {
      settings,
      reader,
      now = sleeplessClock(),
      random = Math.random,
      openNext = openSession,
      isolate = false,
    } = deps;
    this.#isolate = isolate;
    reader.copy?.reportTo(note);
    let opened: ModelCache | undefined;
    const cache = (): ModelCache => {
      opened ??= openModelCache(settings.cacheFolder);
      return opened;
    };
    const onLoss = async ({ threadEnded }: Loss): Promise<void> => {
      const { StuckThreads } = await import('../session/stuck-threads.ts');
      this.#stuck ??= new StuckThreads(deps.replacement, () => this.requests);
      this.#stuck.add(threadEnded);
    };
    const opening = { openFirst: openSession, openNext, isolate, onLoss };
    const hostDeps = { reader, settings, cache, ...opening, note, now, random };
    this.byName = new Map(settings.models.map((name) => [name, new ModelHost(name, hostDeps)]));
  }

  /** Whether threads run on that were given up. */
  get isStuck(): boolean {
    return this.#stuck?.any ?? false;
  }

  poll(): void {
    for (const host of this.byName.values()) host.poll();
  }

  /** Gives back the memory that a large request took, or a large answer; `sent` bytes. */
  tidyUp({ received }: Call, sent: number): void {
    if (!this.#isolate || received + sent < largeBytes) return;
    void import('../http/collect.ts').then(({ collectWhenIdle }) => collectWhenIdle(() => this.requests === 0));
  }

  /** Moves a model whose runs are slow to a separate thread, after the response was sent. */
  answered({ phases, cold, model }: Call): void {
    if (!model || cold || (phases['run'] ?? 0) < slowRunMs) return;
    setImmediate(() => this.byName.get(model.name)?.isolate());
  }

  async close(): Promise<void> {
    await Promise.all([...this.byName.values()].map((host) => host.close()));
  }
}
