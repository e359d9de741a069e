import type { Backoff } from '../model/backoff.ts';
import { LoadError } from '../model/load-error.ts';

/** A session that lived this long was not lost by a fault that comes back at once, ms. */
const steadyMs = 60_000;

/** When to load again what was served and is not any more, since its session was lost. */
export class LostSessions {
  readonly #backoff: Backoff;
  readonly #now: () => number;
  #lostAt = Number.NEGATIVE_INFINITY;

  constructor(backoff: Backoff, now: () => number) {
    this.#backoff = backoff;
    this.#now = now;
  }

  /** The first loss is recovered at once; those that follow within a minute are spaced like failed loads. */
  lose(): void {
    const now = this.#now();
    if (now - this.#lostAt > steadyMs) this.#backoff.reset();
    else this.#backoff.failed(new LoadError('session-lost', 'The session was lost shortly after the one before.'));
    this.#lostAt = now;
  }

  /** Attempts until one succeeds, however long that takes; each attempt reports its own failure. */
  async recover(attempt: () => Promise<void>): Promise<void> {
    const succeeds = (): Promise<boolean> =>
      attempt().then(
        () => true,
        () => false,
      );
    while (!(await succeeds())) {
      await new Promise((resolve) => setTimeout(resolve, this.#backoff.retryAfter * 1000).unref());
    }
  }
}
