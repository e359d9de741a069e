import { LoadError } from '../model/load-error.ts';

/**
 * Calls of a file system that may never come back, as those of a network mount whose server is gone. Each holds one of
 * the few threads that Node has for all of them, so that while one is late no further one is begun: what asks meanwhile
 * is refused at once, and served again as soon as the late one has come back.
 */
export class BoundedCalls {
  readonly #limitMs: number;
  #late = 0;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * What the call gives within the limit; `leave` gets what it gives later. Throws LoadError `store-unavailable` where it
   * is late or another one is, else what the call throws.
   */
  run<T>(call: () => Promise<T>, leave: (late: T) => void = () => {}): Promise<T> {
    if (this.#late > 0) return Promise.reject(this.#stalled());
    return new Promise((resolve, reject) => {
      let state: 'waiting' | 'late' | 'settled' = 'waiting';
      const giveUp = (): void => {
        if (state !== 'waiting') return;
        state = 'late';
        this.#late++;
        reject(this.#stalled());
      };
      // A turn later: of a process that was busy itself for so long, what has come meanwhile is heard first.
      const timer = setTimeout(() => setImmediate(giveUp), this.#limitMs);
      const settle = (how: (late: boolean) => void): void => {
        clearTimeout(timer);
        const late = state === 'late';
        state = 'settled';
        if (late) this.#late--;
        how(late);
      };
      call().then(
        (value) => settle((late) => (late ? leave(value) : resolve(value))),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  #stalled(): LoadError {
    return new LoadError(
      'store-unavailable',
      `The file system of the store has not answered for ${this.#limitMs / 1000} s.`,
    );
  }
}
