import { type ObjectInfo, readAll, type Store, type Token, UnavailableError } from '../stores/store.ts';
import { refused } from './ambiguous.ts';

/** One property of a store, tried out. */
export interface StoreCheck {
  name: string;
  /** What is proved when it passes, as one sentence. */
  proved: string;
  /** Promises rest on it: a store that fails is not trusted with a pointer. */
  critical: boolean;
  /** Tries it under the key, which is new; says what it saw, or throws Unmet with what it saw instead. */
  run(store: Store, key: string): Promise<string>;
}

/** The store did something else than its interface promises. */
export class Unmet extends Error {}

const text = (words: string): Uint8Array => Buffer.from(words, 'utf8');

async function contentOf(store: Store, key: string): Promise<string> {
  if (!(await store.head(key))) return 'nothing';
  return Buffer.from(await readAll(await store.get(key))).toString('utf8');
}

async function listed(store: Store, prefix: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of store.list(prefix)) found.push(info);
  return found;
}

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
 * Eight writers at once; at most one may be told that it has won, and what is stored must be its bytes, or those of a
 * writer who got no answer (S3 says 409 to some in a race, facts P2).
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
  if (winners.length > 1) throw new Unmet(`${winners.length} of 8 writers were told that they had won`);
  const now = await contentOf(store, key);
  if (!(winners.length === 1 ? winners : unanswered).includes(now)) {
    throw new Unmet(`${winners[0] ?? 'nobody'} had won, and "${now}" is stored`);
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

const readAfterWrite: StoreCheck = {
  name: 'read-after-write',
  proved: 'A read after a write sees it, byte for byte, under the token that the write gave.',
  critical: true,
  async run(store, key) {
    // Begins like gzip, so that a store that unpacks on the way is found out.
    const bytes = Buffer.from([0x1f, 0x8b, 8, 0, ...Array.from({ length: 4096 }, (_, at) => (at * 31) % 256)]);
    const token = await store.put(key, bytes, 'absent', { contentType: 'application/octet-stream' });
    const object = await store.get(key);
    const read = await readAll(object);
    if (!bytes.equals(read)) throw new Unmet(`${bytes.length} bytes were written, ${read.length} others came back`);
    if (object.info.token !== token) throw new Unmet(`the write gave ${token}, the read ${object.info.token}`);
    if ((await store.get(key, { ifChanged: token })) !== 'unchanged')
      throw new Unmet('a conditional read sent it again');
    return `${bytes.length} bytes came back as written`;
  },
};

const metadata: StoreCheck = {
  name: 'metadata',
  proved: 'Content type and Cache-Control come back as they were given.',
  critical: false,
  async run(store, key) {
    const meta = { contentType: 'application/json', cacheControl: 'no-cache' };
    await store.put(key, text('{}'), 'absent', meta);
    const found = (await store.head(key))?.meta;
    if (found?.contentType !== meta.contentType || found.cacheControl !== meta.cacheControl) {
      throw new Unmet(`got ${JSON.stringify(found)}, wanted ${JSON.stringify(meta)}`);
    }
    return 'kept';
  },
};

const listing: StoreCheck = {
  name: 'list-after-write',
  proved: 'A listing shows a new object at once, with the token and size of the write, and a removed one no more.',
  critical: true,
  async run(store, key) {
    const token = await store.put(key, text('first'), 'absent');
    const [info] = await listed(store, key);
    if (info?.token !== token || info.size !== 5) throw new Unmet(`got ${JSON.stringify(info ?? null)}`);
    await store.remove(key, { unchanged: token });
    if ((await listed(store, key)).length > 0) throw new Unmet('a removed object is still listed');
    return 'seen, and gone after its removal';
  },
};

const staleRemove: StoreCheck = {
  name: 'stale-remove',
  proved: 'A removal with the token of an older state is refused and leaves the object as it was.',
  critical: true,
  async run(store, key) {
    const old = await store.put(key, text('first'), 'absent');
    await store.put(key, text('second'), { unchanged: old });
    await requireRefusal(store.remove(key, { unchanged: old }), () => contentOf(store, key), 'second');
    return 'refused';
  },
};

export const storeChecks: readonly StoreCheck[] = [
  readAfterWrite,
  createOverExisting,
  staleUpdate,
  updateOfMissing,
  createRace,
  updateRace,
  listing,
  staleRemove,
  metadata,
];
