import { type ObjectInfo, readAll, type Store } from '../../stores/store.ts';
import { type StoreCheck, text, Unmet } from './check.ts';

async function listed(store: Store, prefix: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of store.list(prefix)) found.push(info);
  return found;
}

const readAfterWrite: StoreCheck = {
  name: 'read-after-write',
  proved: 'A read after a write sees it under the token that the write gave.',
  critical: true,
  async run(store, key) {
    for (const words of ['first', 'second', 'third']) {
      const before = await store.head(key);
      const token = await store.put(key, text(words), before ? { unchanged: before.token } : 'absent');
      const object = await store.get(key);
      const read = Buffer.from(await readAll(object)).toString('utf8');
      if (read !== words) throw new Unmet(`"${words}" was written, "${read}" was read`);
      if (object.info.token !== token) throw new Unmet(`the write gave ${token}, the read ${object.info.token}`);
    }
    return '3 writes, each seen at once';
  },
};

const identityEncoding: StoreCheck = {
  name: 'identity-encoding',
  proved: 'Bytes come back as they were stored, also those that look like gzip: nothing packs or unpacks them.',
  critical: true,
  async run(store, key) {
    const bytes = Buffer.from([0x1f, 0x8b, 8, 0, ...Array.from({ length: 4096 }, (_, at) => (at * 31) % 256)]);
    await store.put(key, bytes, 'absent', { contentType: 'application/octet-stream' });
    const object = await store.get(key);
    const read = await readAll(object);
    if (!bytes.equals(read)) throw new Unmet(`${bytes.length} bytes were written, ${read.length} others came back`);
    if (object.info.size !== bytes.length) throw new Unmet(`${bytes.length} bytes are reported as ${object.info.size}`);
    return `${bytes.length} bytes came back as written`;
  },
};

const conditionalRead: StoreCheck = {
  name: 'conditional-read',
  proved:
    'A read under the current token answers "unchanged" without a body; under an older one it answers the object.',
  critical: true,
  async run(store, key) {
    const old = await store.put(key, text('first'), 'absent');
    if ((await store.get(key, { ifChanged: old })) !== 'unchanged') throw new Unmet('the object was sent again');
    await store.put(key, text('second'), { unchanged: old });
    const now = await store.get(key, { ifChanged: old });
    if (now === 'unchanged') throw new Unmet('a change was not noticed');
    const read = Buffer.from(await readAll(now)).toString('utf8');
    if (read !== 'second') throw new Unmet(`"second" was written, "${read}" was read`);
    return 'unchanged, then the new one';
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

/** Names whose order in bytes is neither that of UTF-16 nor that of a dictionary. */
const unordered = ['b', 'a-/b', 'a.json', 'Bb', 'a', '\u{1f600}', '\uff5e', 'é'];

const listOrder: StoreCheck = {
  name: 'list-order',
  proved: 'A listing is complete and in the order of the bytes of its keys.',
  critical: true,
  async run(store, key) {
    const names = unordered.map((name) => `${key}/${name}`);
    for (const name of names) await store.put(name, text('x'), 'absent');
    const found = (await listed(store, `${key}/`)).map((info) => info.key);
    const wanted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    if (found.join('\n') !== wanted.join('\n'))
      throw new Unmet(`got ${found.map((k) => k.slice(key.length + 1)).join(', ')}`);
    return `${names.length} keys, in order`;
  },
};

/** What claims a version is respected for a day: an hour of difference is well under that, ms. */
const maxSkew = 60 * 60 * 1000;

const clock: StoreCheck = {
  name: 'clock',
  proved: 'The clocks of the store and of this machine agree to within an hour, as prune needs for what is a day old.',
  critical: false,
  async run(store, key, now) {
    await store.put(key, text('first'), 'absent');
    const skew = (await store.head(key))!.modified.getTime() - now().getTime();
    const words = `${Math.abs(Math.round(skew / 1000))} s ${skew < 0 ? 'behind' : 'ahead of'} this machine`;
    if (Math.abs(skew) > maxSkew) throw new Unmet(`the store is ${words}`);
    return `the store is ${words}`;
  },
};

/** What was written must be what is read and listed. */
export const readChecks: readonly StoreCheck[] = [readAfterWrite, identityEncoding, conditionalRead];
export const listChecks: readonly StoreCheck[] = [listing, listOrder, metadata, clock];
