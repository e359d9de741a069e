import { setImmediate } from 'node:timers/promises';

/**
 * Time that passes only when everybody waits, so that minutes of contention take moments and come out the same each
 * time. For work that waits through `sleep` alone, or through what settles within one turn of the event loop.
 */
export class VirtualTime {
  /** Since the start, ms. */
  ms = 0;
  readonly #waiting: { at: number; order: number; wake: () => void }[] = [];
  #order = 0;

  readonly now = (): Date => new Date(Date.UTC(2026, 2, 1) + this.ms);

  readonly sleep = (ms: number): Promise<void> =>
    new Promise((wake) => {
      this.#waiting.push({ at: this.ms + ms, order: this.#order++, wake });
    });

  /** Lets time pass until the work is done. Throws where everybody waits for something that no time brings. */
  async run<T>(work: Promise<T>): Promise<T> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    for (;;) {
      await setImmediate();
      if (done) return work;
      this.#waiting.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = this.#waiting.shift();
      if (!next) throw new Error('nobody waits for time, and the work is not done');
      this.ms = next.at;
      next.wake();
    }
  }
}

/** Numbers from 0 up to 1 that look random and are the same in each run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
