import { followDelay } from '../delays.ts';
import { LoadError } from './load-error.ts';
import { isSame, type Resolved } from './resolve.ts';

export interface TurnDeps {
  /** Milliseconds on a clock that only moves forward. */
  now: () => number;
  /** 0 to 1. */
  random: () => number;
  /** The time over which the instances of a function follow a move, each at a random moment of it; 0: at once. */
  followOverSeconds: number;
}

/**
 * When it is an instance's turn to follow a move of the pointer, so that those of a fleet do not all fetch a model at the
 * same time. Going back to what was served before costs no download, and is never put off.
 */
export class FollowTurn {
  readonly #deps: TurnDeps;
  #served: Resolved | undefined;
  #before: Resolved | undefined;
  #due: { found: Resolved; at: number } | undefined;

  constructor(deps: TurnDeps) {
    this.#deps = deps;
  }

  /** A move that was seen and not followed yet. */
  get known(): Resolved | undefined {
    return this.#due?.found;
  }

  /** When it is to be followed. */
  get at(): number {
    return this.#due?.at ?? Number.POSITIVE_INFINITY;
  }

  /** A restored store, or a replayed old move, must not undo a later one. Throws LoadError `pointer-went-back`. */
  check({ name, sequence }: Resolved): void {
    const seen = this.#served?.sequence;
    if (sequence === undefined || seen === undefined || sequence >= seen) return;
    const message = `The pointer of ${name} has gone back from move ${seen} to move ${sequence}`;
    throw new LoadError('pointer-went-back', `${message}; roll back by a new move, or restart the function.`);
  }

  /** Whether a move is to be followed now; if not, it is `known` from here on. */
  isDue(found: Resolved): boolean {
    const { now, random, followOverSeconds } = this.#deps;
    if (this.#due?.found.token !== found.token) {
      const goesBack = isSame(found, this.#before) || isSame(found, this.#served);
      this.#due = { found, at: now() + (goesBack ? 0 : followDelay(followOverSeconds, random)) };
    }
    return now() >= this.at;
  }

  serves(served: Resolved): void {
    if (!isSame(served, this.#served)) this.#before = this.#served;
    this.#served = served;
    this.#due = undefined;
  }

  /** The move is refused for good. */
  forget(): void {
    this.#due = undefined;
  }
}
