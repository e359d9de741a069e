/** What is good for a while. */
export interface Expiring {
  /** Milliseconds since 1970; absent where it holds for the life of the process. */
  expiresAt?: number | undefined;
}

/** A bearer token. */
export interface Bearer extends Expiring {
  token: string;
}

/** Renewed this long before the end, so that no request is signed with what ends on its way, ms. */
const marginMs = 5 * 60_000;

/** Services give the same credentials out until shortly before their end; asked again no sooner than this, ms. */
const pauseMs = 30_000;

/**
 * Credentials that are fetched when they are first needed, kept, and renewed five minutes before they end. Concurrent
 * callers wait for the one renewal; if it fails, the old ones are used as long as they are valid.
 */
export class Renewed<T extends Expiring> {
  readonly #fetch: () => Promise<T>;
  readonly #now: () => number;
  #held: { value: T; renewAt: number } | undefined;
  #renewing: Promise<T> | undefined;

  constructor(fetch: () => Promise<T>, now: () => number = Date.now) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /** Throws what fetching throws. */
  async get(): Promise<T> {
    const held = this.#held;
    if (held && this.#now() < held.renewAt) return held.value;
    this.#renewing ??= this.#renew();
    try {
      return await this.#renewing;
    } catch (error) {
      if (held && this.#now() < (held.value.expiresAt ?? 0)) return held.value;
      throw error;
    }
  }

  /** The service refused them before they expired: they are fetched again, unless that has happened since. */
  reject(value: T): void {
    if (this.#held?.value === value) this.#held = undefined;
  }

  async #renew(): Promise<T> {
    try {
      const value = await this.#fetch();
      this.#held = { value, renewAt: renewalOf(value, this.#now()) };
      return value;
    } finally {
      this.#renewing = undefined;
    }
  }
}

function renewalOf({ expiresAt }: Expiring, now: number): number {
  if (expiresAt === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(expiresAt - marginMs, now + Math.min(pauseMs, (expiresAt - now) / 2));
}
