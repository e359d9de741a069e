import type { ObjectInfo, Store } from '../../../src/stores/store.ts';
import { codeOf, Simulation } from './simulation.ts';
import { type Request, WrappedStore } from './wrapped-store.ts';

/** Lets a request through only when the schedule says so; a listing takes two turns, and is no snapshot. */
class GatedStore extends WrappedStore {
  readonly waiting: (() => void)[] = [];

  #turn(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  protected override async request<T>(_request: Request, act: () => Promise<T>): Promise<T> {
    await this.#turn();
    return act();
  }

  override async *list(prefix: string): AsyncGenerator<ObjectInfo> {
    const first = await this.#listed(prefix);
    const half = first[Math.floor(first.length / 2)]?.key ?? '';
    const second = await this.#listed(prefix);
    yield* [...first.filter((info) => info.key < half), ...second.filter((info) => info.key >= half)];
  }

  async #listed(prefix: string): Promise<ObjectInfo[]> {
    await this.#turn();
    const found: ObjectInfo[] = [];
    for await (const info of this.inner.list(prefix)) found.push(info);
    return found;
  }
}

/** A verb as a process of its own: every request to the store is one step. */
export class Actor {
  readonly #gate: GatedStore;
  #outcome: string | undefined;
  steps = 0;

  constructor(base: Simulation, verb: (simulation: Simulation) => Promise<unknown>) {
    this.#gate = new GatedStore(base.store);
    const simulation = new Simulation(this.#gate);
    simulation.clock = base.clock;
    void codeOf(verb(simulation)).then((code) => {
      this.#outcome = code;
    });
  }

  /** Nothing while it runs, or when it was left standing, which is what a kill looks like from outside. */
  get outcome(): string | undefined {
    return this.#outcome;
  }

  /** Runs at most so many requests; fewer when the verb ends. */
  async run(requests = Number.POSITIVE_INFINITY): Promise<void> {
    await settle();
    for (let done = 0; done < requests && this.#outcome === undefined; done += 1) {
      this.#gate.waiting.shift()?.();
      this.steps += 1;
      await settle();
    }
  }
}

/** Lets everything run that waits for no turn. Bodies are streams, so that takes a few rounds. */
async function settle(): Promise<void> {
  for (let round = 0; round < 2; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Copies a store in memory, so that many schedules start from the same state. */
export async function copyInto(from: Store, to: Store): Promise<void> {
  for await (const { key, meta } of from.list('')) {
    const { body } = await from.get(key);
    await to.put(key, body, 'absent', meta);
  }
}

export type Verb = (simulation: Simulation) => Promise<unknown>;

export interface Finding {
  /** How many requests of each ran before the other, and who was killed. */
  schedule: string;
  outcomes: (string | undefined)[];
}

/**
 * Runs two verbs against each other in every way that switches between them up to twice: the first is stopped after i
 * requests, the second after j, and then both go on to their end, or one of them is killed where it stands. `fresh`
 * makes the same store each time; `judge` looks at each end. About `most` of them are
 * taken, spread evenly; a verb's length is that of its run after the other.
 */
export async function interleave(
  fresh: () => Promise<Simulation>,
  verbs: readonly [Verb, Verb],
  judge: (simulation: Simulation, finding: Finding) => Promise<void>,
  most = Number.POSITIVE_INFINITY,
): Promise<number> {
  const lengths = [await lengthOf(await fresh(), [verbs[0]]), await lengthOf(await fresh(), verbs)];
  const stride = Math.ceil(Math.max(1, Math.sqrt((3 * lengths[0]! * lengths[1]!) / most)));
  let runs = 0;
  for (const [offset, killed] of (['nobody', 'first', 'second'] as const).entries()) {
    for (let i = offset % stride; i <= lengths[0]!; i += stride) {
      for (let j = 1 + ((i + offset) % stride); j <= lengths[1]! + 1; j += stride) {
        const simulation = await fresh();
        const [first, second] = verbs.map((verb) => new Actor(simulation, verb)) as [Actor, Actor];
        await first.run(i);
        await second.run(j);
        if (killed !== 'first') await first.run();
        if (killed !== 'second') await second.run();
        await judge(simulation, {
          schedule: `${i}, ${j}, killed ${killed}`,
          outcomes: [first.outcome, second.outcome],
        });
        runs += 1;
      }
    }
  }
  return runs;
}

/** Requests of the last verb when they run one after the other. */
async function lengthOf(simulation: Simulation, verbs: readonly Verb[]): Promise<number> {
  let steps = 0;
  for (const verb of verbs) {
    const actor = new Actor(simulation, verb);
    await actor.run();
    steps = actor.steps;
  }
  return steps;
}

/** Lets several verbs take turns at random, the same way for the same seed; some are killed on the way. */
export async function shuffle(simulation: Simulation, verbs: readonly Verb[], seed: number): Promise<Finding> {
  let state = seed * 2654435761 + 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const actors = verbs.map((verb) => new Actor(simulation, verb));
  const alive = new Set(actors);
  while (alive.size > 0) {
    const actor = [...alive][random(alive.size)]!;
    await actor.run(1 + random(4));
    if (actor.outcome !== undefined || random(60) === 0) alive.delete(actor);
  }
  return { schedule: `seed ${seed}`, outcomes: actors.map((actor) => actor.outcome) };
}
