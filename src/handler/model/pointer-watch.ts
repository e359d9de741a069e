import { afterAsked, longestLookDelay, lookDelay } from '../delays.ts';
import { settles } from '../settles.ts';
import { FollowTurn, type TurnDeps } from './follow-turn.ts';
import type { RefreshState } from './host-deps.ts';
import { LoadError, toLoadError } from './load-error.ts';
import type { Resolved } from './resolve.ts';

/** A forced look within this time of the last one is answered from it: health calls must not flood the store. */
const freshForMs = 1000;
/** How long a request waits for a look that is overdue, from its beginning; a store in reach answers in a tenth of it. */
const lookWaitMs = 300;
/** And for loading the version that the look finds: no more than a client waits for a cold start without complaint. */
const loadWaitMs = 5000;
/** A pointer that comes byte by byte must not end following: twice what a reader tries for. */
const longestLookMs = 60_000;
/** Time without a request: longer than the timer of a process that runs between requests. */
const napMs = 1500;

export interface WatchDeps extends TurnDeps {
  refreshSeconds: number;
  /** Reads the pointer unless it still has the token. Throws LoadError. */
  look(token: string): Promise<Resolved | 'unchanged'>;
  /** Serves what the pointer names from now on, or throws. */
  follow(found: Resolved): Promise<void>;
  /** Called with the reason why the pointer's version is not served; `found` is missing where it could not be read. */
  refused(error: LoadError, found: Resolved | undefined): void;
}

/** When the pointer of one model is looked at, which of its moves are refused, and who waits for a look. */
export class PointerWatch {
  readonly #deps: WatchDeps;
  /** No look for this long is more than the interval and its spread allow, ms. */
  readonly #longestMs: number;
  #state: RefreshState = { status: 'current' };
  #token = '';
  /** Of the pointer that named what is served; another `#token` is one that was refused. */
  #servedToken = '';
  readonly #turn: FollowTurn;
  #checkAt = Number.POSITIVE_INFINITY;
  /** When the last look began, and the last one that came to an end. */
  #begunAt = Number.NEGATIVE_INFINITY;
  #seenAt = Number.POSITIVE_INFINITY;
  #calledAt = Number.POSITIVE_INFINITY;
  #looking: Promise<void> | undefined;
  /** The look that is under way does not wait for this instance's turn: somebody has asked for what it finds. */
  #atOnce = false;
  /** A newer version is being loaded. */
  #following = false;
  /** Requests wait for the look that is under way. */
  #owed = false;
  #waiting: Promise<void> | undefined;
  /** No more waiting until then: a store that does not answer must not slow down every request. */
  #patientAt = Number.NEGATIVE_INFINITY;

  constructor(deps: WatchDeps) {
    this.#deps = deps;
    this.#turn = new FollowTurn(deps);
    this.#longestMs = longestLookDelay(deps.refreshSeconds);
  }

  /** What became of the last look. */
  get state(): RefreshState {
    return this.#state;
  }

  /** The first version is served: what can move is watched from now on. `askedAt` is when it was asked for. */
  start(served: Resolved, askedAt: number): void {
    this.#serves(served);
    if (!served.follows) return;
    this.#seenAt = askedAt;
    this.#schedule();
  }

  /** Looks in the background if it is time; never waits, never throws. For requests, and for a timer where there is one. */
  poll(): void {
    const now = this.#deps.now();
    const slept = now - this.#calledAt > napMs;
    this.#calledAt = now;
    // Said now: the look may have got as far as a load by the time at which the request has come in whole.
    if (now >= this.#patientAt && (this.#following ? slept : this.#isOld(this.#seenAt))) this.#owed = true;
    if (now >= this.#checkAt) void this.#refresh(false);
  }

  /** Looks now, and serves what is named once that is loaded and proven, whoever's turn it is. Never throws. */
  refresh(): Promise<void> {
    return this.#refresh(true);
  }

  #refresh(atOnce: boolean): Promise<void> {
    // What waits for its turn is known already: whoever asks for it now gets it, however fresh the look.
    const isKnown = this.#deps.now() - this.#begunAt < freshForMs && !(atOnce && this.#state.status === 'waiting');
    if (this.#checkAt === Number.POSITIVE_INFINITY || (!this.#looking && isKnown)) return Promise.resolve();
    this.#atOnce ||= atOnce;
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
      this.#atOnce = false;
    });
    return this.#looking;
  }

  /**
   * Something to wait for where a request must not be answered yet: platforms freeze what is idle, and with it the
   * looks of the background. Undefined for an instance that has looked within its interval. Never rejects.
   */
  get behind(): Promise<void> | undefined {
    if (!this.#owed) return undefined;
    this.#waiting ??= this.#catchUp().finally(() => {
      this.#waiting = undefined;
    });
    return this.#waiting;
  }

  async #catchUp(): Promise<void> {
    const caughtUp = this.#lookAnew();
    if (!this.#following && (await settles(caughtUp, lookWaitMs))) return;
    if (this.#following && (await settles(caughtUp, loadWaitMs))) return;
    this.#owed = false;
    this.#patientAt = this.#deps.now() + this.#longestMs;
  }

  readonly #isOld = (at: number): boolean => this.#deps.now() - at > this.#longestMs;

  /** What a look has read before the process was frozen is as old as the freeze is long. */
  async #lookAnew(): Promise<void> {
    if (this.#looking && this.#isOld(this.#begunAt)) await this.#looking;
    await this.#refresh(false);
  }

  #schedule(): void {
    const { now, random, refreshSeconds } = this.#deps;
    this.#checkAt = now() + lookDelay(refreshSeconds, random);
  }

  /** Leaves a store alone for as long as it asks. */
  #spare({ retryAfterMs }: LoadError): void {
    if (retryAfterMs === 0) return;
    const until = this.#deps.now() + afterAsked(retryAfterMs, this.#deps.random);
    this.#checkAt = Math.max(this.#checkAt, until);
    this.#patientAt = Math.max(this.#patientAt, until);
  }

  /** A move that is not followed yet. Throws LoadError. */
  async #find(): Promise<Resolved | 'unchanged'> {
    const { known } = this.#turn;
    const looking = this.#deps.look(known?.token ?? this.#token);
    if (!(await settles(looking, longestLookMs))) throw new LoadError('store-unavailable', 'The pointer did not come.');
    const found = await looking;
    return found === 'unchanged' ? (known ?? found) : found;
  }

  async #look(): Promise<void> {
    this.#schedule();
    const begunAt = this.#deps.now();
    this.#begunAt = begunAt;
    let found: Resolved | 'unchanged' = 'unchanged';
    try {
      found = await this.#find();
      if (found === 'unchanged') {
        // What kept the last look from its answer is over; what is refused stays so.
        if (this.#token === this.#servedToken) this.#state = { status: 'current' };
        return;
      }
      this.#turn.check(found);
      if (!this.#turn.isDue(found) && !this.#atOnce) {
        this.#checkAt = Math.min(this.#checkAt, this.#turn.at);
        this.#state = { status: 'waiting' };
        return;
      }
      this.#following = true;
      await this.#deps.follow(found);
      this.#serves(found);
    } catch (thrown) {
      const error = toLoadError(thrown, 'model-unusable', 'Following the pointer failed');
      // The same bytes would fail again: wait for the pointer to move instead of downloading them every time.
      if (found !== 'unchanged' && !error.transient) {
        this.#token = found.token;
        this.#turn.forget();
      }
      this.#spare(error);
      this.#state = { status: 'failed', code: error.code };
      this.#deps.refused(error, found === 'unchanged' ? undefined : found);
    } finally {
      this.#following = false;
      this.#seenAt = begunAt;
      this.#owed &&= this.#isOld(begunAt);
    }
  }

  #serves(served: Resolved): void {
    this.#turn.serves(served);
    this.#token = served.token;
    this.#servedToken = served.token;
    this.#state = { status: 'current' };
  }

  /** The look that is under way, if one is. */
  async end(): Promise<void> {
    await this.#looking;
  }
}
