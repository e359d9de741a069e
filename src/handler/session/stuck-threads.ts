/** How a process is replaced, which alone ends a thread that does not come back from native code. */
export interface Replacement {
  /** Ends this process, or puts a new one in its place. */
  replace: () => void;
  /** Whether to replace as soon as no request is waiting; otherwise only when there is no other way. */
  whenQuiet: boolean;
}

/** Time without a request after which one can be kept waiting, ms. */
const quietMs = 1000;
/** Each keeps its model in memory and uses an otherwise idle core. */
const maxStuck = 3;
/** For the answers that say so to leave, ms. */
const partingMs = 250;

/** Threads that were given up and run on, and what is done about them. */
export class StuckThreads {
  readonly #replacement: Replacement | undefined;
  readonly #requests: () => number;
  #stuck = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param requests how many are being answered */
  constructor(replacement: Replacement | undefined, requests: () => number) {
    this.#replacement = replacement;
    this.#requests = requests;
  }

  /** Whether the process can end by itself: Node waits for its threads. */
  get any(): boolean {
    return this.#stuck > 0;
  }

  /** @param ended resolves when the thread has ended after all */
  add(ended: Promise<void>): void {
    this.#stuck++;
    void ended.then(() => this.#stuck--);
    if (this.#stuck >= maxStuck) setTimeout(() => this.#replace(), partingMs);
    else if (this.#replacement?.whenQuiet) this.#waitForQuiet();
  }

  #waitForQuiet(): void {
    let quietSince = Date.now();
    this.#timer ??= setInterval(() => {
      if (this.#requests() > 0) quietSince = Date.now();
      else if (Date.now() - quietSince >= quietMs) this.#replace();
    }, 100).unref();
  }

  #replace(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.any) this.#replacement?.replace();
  }
}
