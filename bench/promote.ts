import { silentLogger } from '../src/log.ts';
import { pointerKey } from '../src/model/layout.ts';
import { promoteVersion } from '../src/registry/pointer/promote.ts';
import { openMemoryStore } from '../src/stores/memory.ts';
import type { Store } from '../src/stores/store.ts';
import { contend, type ServerManners } from '../test/fakes/registry/contention.ts';
import type { Goal, Options } from './goal.ts';
import { publishSmallVersion } from './small-version.ts';

/** Counts the requests that concern one key. */
function counting(store: Store, key: string): { store: Store; reads: () => number; writes: () => number } {
  let reads = 0;
  let writes = 0;
  const counted: Store = {
    ...{ url: store.url, scheme: store.scheme },
    list: (prefix) => store.list(prefix),
    remove: (k, when) => store.remove(k, when),
    signedUrl: (k, seconds) => store.signedUrl(k, seconds),
    get: ((k: string, options: { ifChanged: string }) => {
      if (k === key) reads += 1;
      return store.get(k, options);
    }) as Store['get'],
    head: (k) => {
      if (k === key) reads += 1;
      return store.head(k);
    },
    put: (k, body, when, meta) => {
      if (k === key) writes += 1;
      return store.put(k, body, when, meta);
    },
  };
  return { store: counted, reads: () => reads, writes: () => writes };
}

/** Servers that writers contend on, in time that is simulated: what counts is how often they ask, not how fast. */
const contended: Record<string, ServerManners> = {
  'answers in 40 ms': { latencyMs: 40 },
  'answers in 400 ms': { latencyMs: 400 },
  'takes one change a second': { latencyMs: 40, changesPerSecond: 1 },
};

/** Requests besides history records that writers need for a success while they all promote in turn. */
async function contending({ quick }: Options): Promise<Goal[]> {
  const race = quick ? { writers: 50, each: 4 } : { writers: 50, each: 20 };
  const goals: Goal[] = [];
  for (const [how, manners] of Object.entries(contended)) {
    const { requests, promotions } = await contend(race, manners, 1);
    const value = requests / promotions;
    goals.push({
      what: `requests per promotion of ${race.writers} contending writers, on a store that ${how}`,
      peer: '',
      ours: value.toFixed(2),
      theirs: '',
      value,
      limit: 6,
      unit: 'requests',
    });
  }
  return goals;
}

/** Requests that promotions make: alone, and against each other. */
export async function promoting(options: Options): Promise<Goal[]> {
  return [...(await uncontended()), ...(await contending(options))];
}

/** Requests on the pointer that an uncontended promotion makes, its verification included. */
async function uncontended(): Promise<Goal[]> {
  const store = openMemoryStore();
  const log = silentLogger;
  const now = () => new Date();
  for (const version of ['1.0.0', '1.1.0']) await publishSmallVersion(store, 'm', version, ['model.onnx']);
  const gate = { verdict: 'none' as const };
  const mover = { model: 'm', actor: 'bench', gate, now, log };
  await promoteVersion({ ...mover, store, version: '1.0.0' });
  const counted = counting(store, pointerKey('m'));
  await promoteVersion({ ...mover, store: counted.store, version: '1.1.0' });
  const what = (kind: string) => `${kind} of the pointer in an uncontended promotion`;
  const goal = (kind: string, value: number): Goal => ({
    what: what(kind),
    peer: '',
    ours: String(value),
    theirs: '',
    value,
    limit: 1,
    unit: 'requests',
  });
  return [goal('reads', counted.reads()), goal('conditional writes', counted.writes())];
}
