import { fileURLToPath } from 'node:url';
import type { App } from '../../http/app.ts';
import type { ExtendOptions } from '../../http/node-platform.ts';
import type { Worker } from '../../queue/work.ts';
import { createWorker } from '../../queue/work.ts';
import { SettingsError, type Variables } from '../../settings.ts';
import { type Claimed, Folder } from './folder.ts';

/** Time between two looks at an empty folder, ms. */
const idleMs = 200;

/** Messages that are taken between two looks at what is live and what was abandoned. */
const maxAtOnce = 100;

/** By place: what sends and what takes is the same in one process, and then knows at once. */
const folders = new Map<string, Folder>();

/** The folder that COLDGATE_QUEUE names. Throws SettingsError. */
export function openFolder(place: string): Folder {
  let folder = folders.get(place);
  if (!folder) {
    if (!/^file:\/\/\/./.test(place)) throw new SettingsError(['COLDGATE_QUEUE: expected file:///folder.']);
    folder = new Folder(fileURLToPath(place));
    folders.set(place, folder);
  }
  return folder;
}

/** The application, which also does the work of its queue until it is closed. */
export function withFolder(app: App, options: ExtendOptions): App {
  const { desk, variables, write, form } = options;
  if (!desk) return app;
  const folder = openFolder(variables['COLDGATE_QUEUE'] ?? '');
  const takers = new Takers(
    folder,
    createWorker({ app, desk, write, form }),
    variables,
    async () => (await desk()).attempts,
  );
  takers.start();
  return {
    instanceId: app.instanceId,
    get isStuck() {
      return app.isStuck;
    },
    handle: (request) => app.handle(request),
    poll: () => app.poll(),
    warm: () => app.warm(),
    async close() {
      await takers.stop();
      await app.close();
    },
  };
}

/** Takes messages, so many at a time, while this process is what is live. */
class Takers {
  readonly #folder: Folder;
  readonly #worker: Worker;
  readonly #attempts: () => Promise<number>;
  readonly #revision: string | undefined;
  readonly #most: number;
  readonly #leaseMs: number;
  readonly #running = new Map<Claimed, Promise<void>>();
  #renewing: NodeJS.Timeout | undefined;
  #stopped = false;
  /** When what was abandoned is looked for next. */
  #sweepAt = 0;
  /** A message has come since the last look. */
  #hasNew = false;
  #wake: () => void = () => {};
  #loop: Promise<void> | undefined;

  constructor(folder: Folder, worker: Worker, variables: Variables, attempts: () => Promise<number>) {
    this.#folder = folder;
    this.#worker = worker;
    this.#attempts = attempts;
    this.#revision = variables['COLDGATE_REVISION'] || undefined;
    this.#most = Number(variables['COLDGATE_QUEUE_CONCURRENCY'] || 10);
    this.#leaseMs = Number(variables['COLDGATE_QUEUE_LEASE_MS'] || 30_000);
    folder.onSend = () => {
      this.#hasNew = true;
      this.#wake();
    };
  }

  start(): void {
    this.#loop = this.#take();
    this.#renewing = setInterval(() => this.#renew(), this.#leaseMs / 3);
  }

  /** Takes no more, and waits for those that are being worked on. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#loop;
    await Promise.all(this.#running.values());
    clearInterval(this.#renewing);
  }

  async #take(): Promise<void> {
    while (!this.#stopped) {
      let found = 0;
      this.#hasNew = false;
      try {
        if (this.#isLive()) {
          await this.#sweep();
          found = await this.#takeReady();
        }
      } catch {
        // The folder cannot be read now: looked at again after the pause.
      }
      if (found === 0 && !this.#stopped && !this.#hasNew) await this.#pause();
    }
  }

  /** Where the folder names the live revision, it alone works; a process without any revision is nobody's candidate. */
  #isLive(): boolean {
    return this.#folder.live() === this.#revision;
  }

  async #takeReady(): Promise<number> {
    let found = 0;
    for (const file of (await this.#folder.ready()).slice(0, maxAtOnce)) {
      while (this.#running.size >= this.#most) await Promise.race(this.#running.values());
      if (this.#stopped) return found;
      const claimed = await this.#folder.claim(file);
      if (!claimed) continue;
      found++;
      this.#running.set(claimed, this.#workOn(claimed));
    }
    return found;
  }

  async #workOn(claimed: Claimed): Promise<void> {
    try {
      const outcome = await this.#worker.work(claimed.message, claimed);
      if (outcome === 'done') this.#folder.done(claimed);
      else if (claimed.attempt < (await this.#attempts())) await this.#folder.again(claimed);
      else await this.#folder.bury(claimed, 'Its last attempt failed; the store has the reason under dead/.');
    } catch {
      // What could not be put where it belongs is found again when its time is over.
    } finally {
      this.#running.delete(claimed);
    }
  }

  #renew(): void {
    for (const claimed of this.#running.keys()) this.#folder.renew(claimed).catch(() => {});
  }

  /** What processes that have ended were at work on is delivered again, or given up. */
  async #sweep(): Promise<void> {
    if (performance.now() < this.#sweepAt) return;
    this.#sweepAt = performance.now() + idleMs;
    for (const claimed of await this.#folder.abandoned(this.#leaseMs)) {
      if (claimed.attempt < (await this.#attempts())) await this.#folder.again(claimed);
      else {
        await this.#worker.giveUp(claimed.message, claimed);
        await this.#folder.bury(claimed, 'Every attempt ended with its process.');
      }
    }
  }

  /** Until a message comes to this process, or it is time to look. */
  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, idleMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
