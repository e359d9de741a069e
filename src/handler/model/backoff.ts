import { loadDelay } from '../delays.ts';
import type { LoadError } from './load-error.ts';

/** Spaces attempts to load a model that would not load. Between them callers get the same error. */
export class Backoff {
  readonly #now: () => number;
  readonly #random: () => number;
  #failure: { error: LoadError; retryAt: number } | undefined;
  #tries = 0;

  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.#random = random;
  }

  /** Throws the last error while it is too early for another attempt. */
  check(): void {
    if (this.#failure && this.#now() < this.#failure.retryAt) throw this.#failure.error;
  }

  failed(error: LoadError): void {
    this.#tries++;
    this.#failure = { error, retryAt: this.#now() + loadDelay(this.#tries, error.retryAfterMs, this.#random) };
  }

  reset(): void {
    this.#failure = undefined;
    this.#tries = 0;
  }

  /** Whole seconds until another attempt makes sense. */
  get retryAfter(): number {
    return Math.max(1, Math.ceil(((this.#failure?.retryAt ?? 0) - this.#now()) / 1000));
  }
}
