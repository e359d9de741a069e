import type { LoadError } from './load-error.ts';

/** Longest wait between attempts to load a model that would not load, in ms. */
const longestMs = 30_000;

/**
 * Spaces attempts: 1 s after the first failure, doubling up to half a minute. Between them callers get the same error.
 */
export class Backoff {
  readonly #now: () => number;
  #failure: { error: LoadError; retryAt: number } | undefined;
  #tries = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Throws the last error while it is too early for another attempt. */
  check(): void {
    if (this.#failure && this.#now() < this.#failure.retryAt) throw this.#failure.error;
  }

  failed(error: LoadError): void {
    this.#tries++;
    this.#failure = { error, retryAt: this.#now() + Math.min(longestMs, 500 * 2 ** this.#tries) };
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
