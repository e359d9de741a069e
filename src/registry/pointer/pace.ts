import { ColdgateError } from '../../errors.ts';
import { UnavailableError } from '../../stores/store.ts';

export interface PaceOptions {
  /** Max. time that one promotion retries, ms. Default: ten minutes. */
  timeoutMs?: number | undefined;
  /** From 0 up to 1; tests pass their own. */
  random?: (() => number) | undefined;
}

/** First waits are drawn from at least this, ms: GCS takes about one change a second of one object (docs/facts.md P6). */
const leastWindow = 1000;
/** Fifty writers on a store that takes one change a second need no more, ms. */
const maxWindow = 300_000;
/** With this many contenders spread over the window, most get through at their next try. */
const windowInSwaps = 64;
/** More would leave the last of many writers waiting without contention. */
const maxInSwaps = 128;
/**
 * Losses double the window and wins shrink it by this. A window stays where the two keep the balance, at one try in
 * four lost: so writers neither trample on each other, at 3 requests a loss, nor leave the pointer idle.
 */
const shrink = 0.8;

/**
 * How fast a writer retries lost swaps. Each wait is drawn at random from a window that follows the contention seen so
 * far; a writer that promotes again and again keeps its pace from one promotion to the next.
 */
export class Pace {
  readonly #timeoutMs: number;
  readonly #random: () => number;
  #window = 0;
  #spent = 0;
  #busy = false;
  #wonAt = Number.NEGATIVE_INFINITY;

  constructor({ timeoutMs = 10 * 60_000, random = Math.random }: PaceOptions = {}) {
    this.#timeoutMs = timeoutMs;
    this.#random = random;
  }

  /** A promotion begins; `timeoutMs` counts from here. How long to wait before its first try, ms. @param at ms */
  begin(at: number): number {
    this.#spent = 0;
    // A store that has throttled would refuse the second of two changes in one second, even of different writers.
    return this.#busy ? Math.max(0, this.#wonAt + leastWindow - at) : 0;
  }

  /** How long to wait before the next try, ms; undefined where going on is of no use. @param tookMs time of the try */
  after(error: unknown, tookMs: number): number | undefined {
    const lost = error instanceof ColdgateError && error.code === 'lost-swap';
    const busy = error instanceof UnavailableError;
    if (!lost && !busy) return undefined;
    this.#busy ||= busy;
    // A store that throttles takes a change a second at best, however fast it responds.
    const swapMs = busy ? Math.max(tookMs, leastWindow) : tookMs;
    const grown = Math.min(2 * this.#window, maxInSwaps * swapMs);
    this.#window = Math.min(maxWindow, Math.max(grown, windowInSwaps * swapMs, leastWindow));
    // A store that asks for less, or does not answer, gets at least a second.
    const wait = (busy ? leastWindow : 0) + this.#random() * this.#window;
    this.#spent += tookMs + wait;
    return this.#spent > this.#timeoutMs ? undefined : wait;
  }

  /** @param at ms */
  won(at: number): void {
    this.#wonAt = at;
    this.#window *= shrink;
  }
}
