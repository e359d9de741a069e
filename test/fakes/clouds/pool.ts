/** No instance could take the request in time. */
export class NoInstanceError extends Error {}

/** What serves requests of one revision. */
export interface PoolInstance {
  /** Requests that it serves, or is meant to serve once it has started. */
  taken: number;
  /** Settled when it can be asked, or never will be. */
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  thaw(): void;
  stop(now?: boolean): Promise<void>;
  kill(): void;
}

export interface PoolOptions<I extends PoolInstance> {
  /** @param reason for its log */
  begin(reason: string): I;
  /** Requests that one instance takes at once. */
  concurrency(): number;
  /** The most instances, as it is configured now. */
  max(): number;
  queueMs(): number;
  /** Called with an instance that serves nothing. */
  rest?(instance: I): void;
  /** Why an instance is started that a request asks for. */
  scaling: string;
}

/** The instances of one revision. */
export class Pool<I extends PoolInstance> {
  readonly #options: PoolOptions<I>;
  readonly #instances = new Set<I>();
  #changed: (() => void)[] = [];
  /** How many were started, ever; each is a cold start. */
  started = 0;

  constructor(options: PoolOptions<I>) {
    this.#options = options;
  }

  get size(): number {
    return this.#instances.size;
  }

  /** Requests that are being served. */
  get taken(): number {
    return [...this.#instances].reduce((sum, { taken }) => sum + taken, 0);
  }

  /** Starts one instance that no request asks for. Rejects with what its start does. */
  async start(reason: string): Promise<void> {
    const instance = this.#begin(reason);
    await instance.ready;
    this.#rest(instance);
  }

  /** Has at least so many instances. Rejects with what a start does. */
  async keep(count: number, reason: string): Promise<void> {
    const missing = Math.max(0, count - this.#instances.size);
    await Promise.all(Array.from({ length: missing }, () => this.start(reason)));
  }

  /**
   * An instance for one request, which waits for a start where it must. Rejects with what the start does, and with
   * NoInstanceError when the most instances are busy for longer than a request waits.
   */
  async take(): Promise<I> {
    const { max, queueMs, scaling } = this.#options;
    const end = Date.now() + queueMs();
    for (;;) {
      const instance = this.#free() ?? (this.#instances.size < max() ? this.#begin(scaling) : null);
      if (instance) {
        instance.taken++;
        try {
          await instance.ready;
        } catch (error) {
          instance.taken--;
          throw error;
        }
        instance.thaw();
        return instance;
      }
      const left = end - Date.now();
      if (left <= 0) throw new NoInstanceError();
      await this.#change(left);
    }
  }

  give(instance: I): void {
    instance.taken--;
    this.#rest(instance);
    this.#tell();
  }

  /** Ends instances that serve nothing, as the platform does when it likes: the next request is a cold start. */
  async stopIdle(): Promise<void> {
    const idle = [...this.#instances].filter(({ taken }) => taken === 0);
    // One that is being stopped takes no more requests.
    for (const one of idle) this.#instances.delete(one);
    await Promise.all(idle.map((one) => one.stop()));
  }

  async stop(now = false): Promise<void> {
    await Promise.all([...this.#instances].map((one) => one.stop(now)));
  }

  /** Kills every process, as running out of memory would. */
  crash(): void {
    for (const instance of this.#instances) instance.kill();
  }

  #free(): I | undefined {
    const most = this.#options.concurrency();
    return [...this.#instances].filter(({ taken }) => taken < most).sort((a, b) => a.taken - b.taken)[0];
  }

  #begin(reason: string): I {
    this.started++;
    const instance = this.#options.begin(reason);
    this.#instances.add(instance);
    const gone = (): void => {
      this.#instances.delete(instance);
      this.#tell();
    };
    void instance.ended.then(gone);
    instance.ready.catch(gone);
    return instance;
  }

  #rest(instance: I): void {
    if (instance.taken === 0) this.#options.rest?.(instance);
  }

  #change(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#changed.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #tell(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const one of waiting) one();
  }
}
