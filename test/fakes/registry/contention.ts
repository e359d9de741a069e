import { pointerKey } from '../../../src/model/layout.ts';
import { Pace } from '../../../src/registry/pointer/pace.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { type Store, UnavailableError } from '../../../src/stores/store.ts';
import { prepareRace, type Race, versionsOf } from './race.ts';
import { model, Simulation } from './simulation.ts';
import { seeded, VirtualTime } from './virtual-time.ts';
import { type Request, WrappedStore } from './wrapped-store.ts';

const pointer = pointerKey(model);

export interface ServerManners {
  /** From a request to its answer, ms. */
  latencyMs: number;
  /** Changes of one object that are taken a second; more are answered with 429, as Google does (docs/facts.md P6). */
  changesPerSecond?: number;
}

/** A store on a server that takes time, as its one client sees it. */
class Client extends WrappedStore {
  readonly #time: VirtualTime;
  readonly #server: { manners: ServerManners; changed: number };
  readonly requests: Request[] = [];
  /** When swaps were refused, ms. */
  readonly refusals: number[] = [];

  constructor(inner: Store, time: VirtualTime, server: { manners: ServerManners; changed: number }) {
    super(inner);
    this.#time = time;
    this.#server = server;
  }

  protected override async request<T>(request: Request, act: () => Promise<T>): Promise<T> {
    const { latencyMs, changesPerSecond } = this.#server.manners;
    this.requests.push(request);
    await this.#time.sleep(latencyMs / 2);
    try {
      const swap = request.operation === 'put' && request.key === pointer;
      const early = this.#time.ms - this.#server.changed < 1000 / (changesPerSecond ?? Number.POSITIVE_INFINITY);
      if (swap && early) throw new UnavailableError('429: too many changes', { store: this.url, key: pointer });
      const result = await act();
      if (swap) this.#server.changed = this.#time.ms;
      return result;
    } catch (error) {
      if (request.operation === 'put' && request.key === pointer) this.refusals.push(this.#time.ms);
      throw error;
    } finally {
      await this.#time.sleep(latencyMs / 2);
    }
  }
}

export interface Contention {
  store: Store;
  promotions: number;
  /** Of the pointer and of the version, of all writers; those of history records are not counted. */
  requests: number;
  /** Most swaps that any one writer was refused within one second. */
  maxRefusedInASecond: number;
  /** How long it all took, s of the server's time. */
  seconds: number;
}

/** Lets writers that go on after a loss promote in turn against each other, on a server of the given manners. */
export async function contend(race: Race, manners: ServerManners, seed: number): Promise<Contention> {
  const time = new VirtualTime();
  const store = openMemoryStore();
  await prepareRace(store, race);
  const server = { manners, changed: Number.NEGATIVE_INFINITY };
  const writers = await Promise.all(
    Array.from({ length: race.writers }, async (_, writer) => {
      const client = new Client(store, time, server);
      const simulation = new Simulation(client);
      const prover = new Simulation(store);
      const versions = versionsOf(writer);
      const proofs = [await prover.prove(versions[0]), await prover.prove(versions[1])] as const;
      const pace = new Pace({ random: seeded(seed + writer), timeoutMs: Number.POSITIVE_INFINITY });
      const run = async () => {
        for (let turn = 0; turn < race.each; turn += 1) {
          const at = (turn % 2) as 0 | 1;
          const how = { actor: `writer-${writer}`, now: time.now, sleep: time.sleep, pace, verified: proofs[at] };
          const { promoted } = await simulation.promote(versions[at], how);
          if (!promoted) throw new Error(`${versions[at]} was live already`);
        }
      };
      return { client, run };
    }),
  );
  await time.run(Promise.all(writers.map(({ run }) => run())));
  const counted = writers.flatMap(({ client }) => client.requests.filter(({ key }) => !/\/history\/|^_/.test(key)));
  return {
    store,
    promotions: race.writers * race.each,
    requests: counted.length,
    maxRefusedInASecond: Math.max(...writers.map(({ client }) => maxInASecond(client.refusals))),
    seconds: time.ms / 1000,
  };
}

const maxInASecond = (times: readonly number[]): number =>
  Math.max(0, ...times.map((from) => times.filter((ms) => ms >= from && ms < from + 1000).length));
