import { type Store, type Token, UnavailableError } from '../../stores/store.ts';
import { refused } from '../ambiguous.ts';
import { staleRemoval } from '../version/trust.ts';
import { contentOf, type StoreCheck, text, Unmet } from './check.ts';

/** Requires a refusal, and that what was there is there still: some servers answer "no" and write all the same. */
async function requireRefusal(write: Promise<unknown>, look: () => Promise<string>, before: string): Promise<void> {
  let refusal: unknown;
  try {
    await write;
  } catch (error) {
    if (!refused(error)) throw error;
    refusal = error;
  }
  const now = await look();
  if (now !== before) throw new Unmet(`the object was changed from "${before}" to "${now}"`);
  if (!refusal) throw new Unmet('the write was answered with success');
}

/**
 * Eight writers at once; at most one may succeed, and what is stored must be its bytes, or those of a writer that got
 * no response (S3 says 409 to some in a race, docs/facts.md P2).
 */
async function race(store: Store, key: string, when: 'absent' | { unchanged: Token }): Promise<string> {
  const writers = Array.from({ length: 8 }, (_, at) => store.put(key, text(`writer ${at}`), when));
  const results = await Promise.allSettled(writers);
  const winners: string[] = [];
  const unanswered: string[] = [];
  for (const [at, result] of results.entries()) {
    if (result.status === 'fulfilled') winners.push(`writer ${at}`);
    else if (result.reason instanceof UnavailableError) unanswered.push(`writer ${at}`);
    else if (!refused(result.reason)) throw result.reason;
  }
  if (winners.length > 1) throw new Unmet(`${winners.length} of 8 writers succeeded`);
  const now = await contentOf(store, key);
  if (!(winners.length === 1 ? winners : unanswered).includes(now)) {
    throw new Unmet(`${winners[0] ?? 'no writer'} had succeeded, and "${now}" is stored`);
  }
  return '1 of 8 won, and its bytes are stored';
}

const createOverExisting: StoreCheck = {
  name: 'create-over-existing',
  proved: 'A create over an existing object is refused and leaves it as it was.',
  critical: true,
  async run(store, key) {
    await store.put(key, text('first'), 'absent');
    await requireRefusal(store.put(key, text('second'), 'absent'), () => contentOf(store, key), 'first');
    return 'refused';
  },
};

const staleUpdate: StoreCheck = {
  name: 'stale-update',
  proved: 'An update with the token of an older state is refused and leaves the object as it was.',
  critical: true,
  async run(store, key) {
    const old = await store.put(key, text('first'), 'absent');
    await store.put(key, text('second'), { unchanged: old });
    await requireRefusal(store.put(key, text('third'), { unchanged: old }), () => contentOf(store, key), 'second');
    return 'refused';
  },
};

const updateOfMissing: StoreCheck = {
  name: 'update-of-missing',
  proved: 'An update of an object that is not there is refused and creates nothing.',
  critical: true,
  async run(store, key) {
    const token = await store.put(key, text('first'), 'absent');
    await store.remove(key, { unchanged: token });
    await requireRefusal(store.put(key, text('second'), { unchanged: token }), () => contentOf(store, key), 'nothing');
    return 'refused';
  },
};

const createRace: StoreCheck = {
  name: 'create-race',
  proved: 'Of several writers that create one object at the same time exactly one wins.',
  critical: true,
  run: (store, key) => race(store, key, 'absent'),
};

const updateRace: StoreCheck = {
  name: 'update-race',
  proved: 'Of several writers that update one state of an object at the same time exactly one wins.',
  critical: true,
  async run(store, key) {
    return race(store, key, { unchanged: await store.put(key, text('first'), 'absent') });
  },
};

const staleRemove: StoreCheck = {
  name: staleRemoval,
  proved: 'A removal with the token of an older state is refused and leaves the object as it was.',
  // Promotions remove nothing but their own leases. Prune does, and refuses a store that fails this.
  critical: false,
  async run(store, key) {
    const old = await store.put(key, text('first'), 'absent');
    await store.put(key, text('second'), { unchanged: old });
    await requireRefusal(store.remove(key, { unchanged: old }), () => contentOf(store, key), 'second');
    return 'refused';
  },
};

/** That conditions of writes hold: what every promise of pointers and versions rests on. */
export const writeChecks: readonly StoreCheck[] = [
  createOverExisting,
  staleUpdate,
  updateOfMissing,
  createRace,
  updateRace,
  staleRemove,
];
