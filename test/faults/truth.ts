import { expect } from 'vitest';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { type ObjectInfo, readAll, type Store, type Token } from '../../src/stores/store.ts';
import { type FaultCase, honest, moveIn, stateOf } from '../fakes/registry/fault-cases.ts';
import { checkInvariants, type Seen } from '../fakes/registry/invariants.ts';
import { codeOf, keysOf, model, Simulation } from '../fakes/registry/simulation.ts';
import { gathered } from '../fakes/stores/bodies.ts';

/** All objects of a store by key. */
export type Objects = ReadonlyMap<string, Uint8Array>;

/** A verb with the store that it is to run in, as objects that any store can be filled with, and the time there. */
export interface PreparedVerb {
  verb: FaultCase;
  objects: Objects;
  clock: Date;
  /** What the store holds once it is done. */
  goal: string[];
}

/** Prepares the verb's store and runs the verb once, without any fault and in memory. */
export async function prepareVerb(verb: FaultCase): Promise<PreparedVerb> {
  const simulation = new Simulation(openMemoryStore());
  simulation.clock = new Date();
  await verb.prepare(simulation);
  const objects = await objectsOf(simulation.store);
  await verb.run(simulation);
  return { verb, objects, clock: simulation.clock, goal: await stateOf(simulation.store) };
}

async function objectsOf(store: Store): Promise<Objects> {
  const read = async (key: string) => [key, await readAll(await store.get(key))] as const;
  return new Map(await Promise.all((await keysOf(store)).map(read)));
}

const fill = (store: Store, objects: Objects): Promise<Token[]> =>
  Promise.all([...objects].map(([key, bytes]) => store.put(key, bytes, 'absent')));

/** Copies a store into memory, where looking at everything costs no request; reads what it does not know by its token. */
class Copies {
  readonly #store: Store;
  readonly #known = new Map<string, Uint8Array>();

  constructor(store: Store) {
    this.#store = store;
  }

  async fill(objects: Objects): Promise<void> {
    const tokens = await fill(this.#store, objects);
    for (const [at, [key, bytes]] of [...objects].entries()) this.#known.set(`${key} ${tokens[at]}`, bytes);
  }

  async take(): Promise<Store> {
    const copy = openMemoryStore();
    const found = await gathered(this.#store.list(''));
    await Promise.all(found.map(async (info) => copy.put(info.key, await this.#bytesOf(info), 'absent')));
    return copy;
  }

  async #bytesOf({ key, token }: ObjectInfo): Promise<Uint8Array> {
    const known = this.#known.get(`${key} ${token}`);
    if (known) return known;
    const object = await this.#store.get(key);
    const bytes = await readAll(object);
    this.#known.set(`${key} ${object.info.token}`, bytes);
    return bytes;
  }
}

const isNoRecord = (line: string): boolean => !line.includes('/history/');

function simulationIn(store: Store, { clock }: PreparedVerb): Simulation {
  const simulation = new Simulation(store);
  simulation.clock = clock;
  return simulation;
}

/**
 * Runs the verb where something goes wrong, and asks for what must hold then: what it reports is true, what is in the
 * store is whole, history has no gaps, and the verb run again without faults gets to where it was meant to. Answers
 * what was reported. @param direct an empty store, without faults @param faulty the same, as the verb meets it
 * @param where what went wrong, in words
 */
export async function provesTruth(
  prepared: PreparedVerb,
  direct: Store,
  faulty: Store,
  where: () => string,
): Promise<string> {
  const { verb, goal, objects } = prepared;
  const copies = new Copies(direct);
  await copies.fill(objects);
  const begun = await copies.take();
  const versions: Seen = new Map();
  await checkInvariants(begun, model, { seen: versions });
  const move = await moveIn(begun);

  const code = await codeOf(verb.run(simulationIn(faulty, prepared)));
  const left = await copies.take();
  expect(honest, where()).toContain(code);
  // Only an unknown outcome may have moved the pointer without saying so.
  if (code === 'store-unavailable') expect(await moveIn(left), where()).toBe(move);
  expect(await checkInvariants(left, model, { seen: versions }), where()).toEqual([]);
  if (code === 'done') expect((await stateOf(left)).filter(isNoRecord), where()).toEqual(goal.filter(isNoRecord));

  expect(await codeOf(verb.run(simulationIn(direct, prepared))), where()).toBe('done');
  const settled = await copies.take();
  expect(await checkInvariants(settled, model, { seen: versions, settled: true }), where()).toEqual([]);
  expect(await stateOf(settled), where()).toEqual(goal);
  return code;
}

/** Runs the works, a few at a time: most of what they do is to wait. Throws what the first to fail throws. */
export async function severalAtATime<T>(works: readonly (() => Promise<T>)[], lanes = 12): Promise<T[]> {
  const results: T[] = [];
  const waiting = works.entries();
  const lane = async () => {
    for (const [at, work] of waiting) results[at] = await work();
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}
