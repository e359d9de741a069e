import { followDelay, loadDelay, lookDelay, retryDelay } from '../../src/handler/delays.ts';
import { defaultLimits } from '../../src/handler/readers/limits.ts';
import { randomOf } from '../gate/random.ts';

/** Seconds that a step of the simulation takes. */
export const step = 0.2;

/** What a place gives in all. */
export interface Place {
  /** Requests a second; more are refused with 503. */
  requests: number;
  /** Bits a second, shared by who is downloading; 0: not published. */
  gbps: number;
}

export interface Scenario {
  instances: number;
  /** Bytes of the model. */
  size: number;
  place: Place;
  refreshSeconds: number;
  followOverSeconds: number;
  /** `flip`: all serve, and the pointer moves at 0. `start`: none serves. */
  kind: 'flip' | 'start';
  /** Of a start: instances that come at a time, every ten seconds; all at once without it. */
  perTenSeconds?: number;
  /** The store answers nothing but 503 until then, s. */
  goneUntil?: number;
  /** Another rule for the wait after a load that failed, ms: for what stands beside ours. */
  loadDelay?: (failures: number) => number;
  seed: number;
}

export interface Course {
  /** Requests of each step, refused ones included, and bytes. */
  requests: number[];
  bytes: number[];
  /** When the last instance had the version, s. */
  done: number;
  refused: number;
}

/** A connection to a store, and the parts of a download that come beside each other: bytes a second of an instance. */
const perInstance = 75e6 * defaultLimits.parts;
/** Its manifest. The pointer and the first part are requests of their own. */
const besides = 1;
const longest = 4 * 3600;

/** An instance: what it does next, and when. */
interface Instance {
  /** `look`: reads the pointer; `turn`: knows of the move; `load`: downloads. */
  state: 'look' | 'turn' | 'load' | 'done';
  at: number;
  /** Repetitions of the request, and failures of the whole. */
  tries: number;
  failures: number;
  left: number;
  /** Bytes that the requests made so far have asked for. */
  asked: number;
}

const partOf = (size: number): number => (size >= defaultLimits.largeBytes ? defaultLimits.partBytes : size);

/** One fleet on one store, by the handler's own rules for when to ask again. */
class Fleet {
  readonly #of: Scenario;
  readonly #random: () => number;
  readonly #all: Instance[];
  readonly course: Course = { requests: [], bytes: [], done: 0, refused: 0 };
  #budget = 0;
  #sent = 0;

  constructor(of: Scenario) {
    this.#of = of;
    this.#random = randomOf(of.seed).uniform;
    this.#all = Array.from({ length: of.instances }, (_, nth) => this.#begin(nth));
  }

  #begin(nth: number): Instance {
    const { kind, size, refreshSeconds, perTenSeconds } = this.#of;
    const spread = perTenSeconds ? Math.floor(nth / perTenSeconds) * 10 + this.#random() * 10 : this.#random();
    // One that serves is somewhere in its interval.
    const at = kind === 'flip' ? this.#random() * (lookDelay(refreshSeconds, this.#random) / 1000) : spread;
    return { state: 'look', at, tries: 0, failures: 0, left: size, asked: 0 };
  }

  run(): Course {
    let left = this.#all.length;
    for (let now = 0; left > 0 && now < longest; now += step) {
      const { place, goneUntil = 0 } = this.#of;
      this.#budget = now < goneUntil ? 0 : place.requests * step;
      this.#sent = 0;
      const loading = this.#all.filter(({ state, at }) => state === 'load' && at <= now).length;
      const share = place.gbps > 0 ? (place.gbps * 1e9) / 8 / Math.max(1, loading) : perInstance;
      let bytes = 0;
      for (const one of this.#all) {
        if (one.state === 'done' || one.at > now) continue;
        // Whole bytes: sums of fractions would leave crumbs.
        bytes += this.#act(one, now, Math.max(1, Math.floor(Math.min(share, perInstance) * step)));
        if ((one.state as string) !== 'done') continue;
        left--;
        this.course.done = now;
      }
      this.course.requests.push(this.#sent);
      this.course.bytes.push(bytes);
    }
    return this.course;
  }

  /** Whether a request is answered; one that is refused comes again as the handler does it. */
  #ask(one: Instance, now: number): boolean {
    this.#sent++;
    if (this.#budget >= 1) {
      this.#budget--;
      one.tries = 0;
      return true;
    }
    this.course.refused++;
    const { retries } = defaultLimits;
    // As src/handler/readers/remote.ts: one that serves asks for the pointer once more.
    if (one.tries < (this.#of.kind === 'flip' && one.state !== 'load' ? Math.min(retries, 1) : retries)) {
      one.at = now + retryDelay(one.tries++, defaultLimits.waitMs, 0, this.#random) / 1000;
      return false;
    }
    one.tries = 0;
    one.at = now + this.#failed(one) / 1000;
    return false;
  }

  #failed(one: Instance): number {
    const { kind, refreshSeconds } = this.#of;
    one.state = 'look';
    if (kind === 'flip') return lookDelay(refreshSeconds, this.#random);
    one.failures++;
    return this.#of.loadDelay?.(one.failures) ?? loadDelay(one.failures, 0, this.#random);
  }

  /** What an instance does in a step; returns the bytes that it gets. */
  #act(one: Instance, now: number, most: number): number {
    const { kind, size, followOverSeconds } = this.#of;
    if (one.state === 'look') {
      if (!this.#ask(one, now)) return 0;
      one.state = kind === 'flip' && followOverSeconds > 0 ? 'turn' : 'load';
      if (one.state === 'turn') one.at = now + followDelay(followOverSeconds, this.#random) / 1000;
      return 0;
    }
    if (one.state === 'turn') {
      // It looks again when its turn comes: the pointer may have moved on.
      if (this.#ask(one, now)) one.state = 'load';
      return 0;
    }
    if (one.asked === 0) {
      for (let more = 0; more < besides; more++) if (!this.#ask(one, now)) return 0;
    }
    let got = 0;
    while (got < most && one.left > 0) {
      if (size - one.left >= one.asked) {
        if (!this.#ask(one, now)) break;
        one.asked = Math.min(size, one.asked + partOf(size));
      }
      const part = Math.min(most - got, one.asked - (size - one.left));
      got += part;
      one.left -= part;
    }
    if (one.left <= 0) one.state = 'done';
    return got;
  }
}

export const simulate = (scenario: Scenario): Course => new Fleet(scenario).run();

/** The largest sum of a second, as a rate. */
export function peak(steps: readonly number[]): number {
  const width = Math.round(1 / step);
  let sum = 0;
  let most = 0;
  for (const [at, value] of steps.entries()) {
    sum += value - (steps[at - width] ?? 0);
    most = Math.max(most, sum);
  }
  return most;
}
