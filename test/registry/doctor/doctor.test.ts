import { afterEach, describe, expect, it } from 'vitest';
import { doctorRecordKey } from '../../../src/model/layout.ts';
import { type Examination, examineStore, storeChecks } from '../../../src/registry/doctor/doctor.ts';
import { readDoctorRecord } from '../../../src/registry/version/trust.ts';
import { openMemoryStore } from '../../../src/stores/memory.ts';
import { openStore } from '../../../src/stores/open.ts';
import {
  type Body,
  DeniedError,
  type ObjectInfo,
  type ObjectMeta,
  type Precondition,
  type Store,
  type Token,
} from '../../../src/stores/store.ts';
import {
  codeOf,
  failureOf,
  keysOf,
  model,
  overwrite,
  recordingLogger,
  Simulation,
} from '../../fakes/registry/simulation.ts';
import { AgedStore, LyingStore, WrappedStore } from '../../fakes/registry/wrapped-store.ts';
import { temporaryStore } from '../../fakes/stores/folder.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const began = new Date();
const now = () => began;
const examine = (store: Store): Promise<Examination> =>
  examineStore({ store, now, coldgateVersion: '0.0.0', log: recordingLogger() });
const failed = (found: Examination) => found.checks.filter((c) => !c.ok).map((c) => c.name);

describe('doctor', () => {
  it('proves every promise of an honest store and leaves nothing but its record', async () => {
    const folder = await temporaryStore();
    closers.push(folder.close);
    for (const store of [openMemoryStore(), await openStore(folder.settings)]) {
      const found = await examine(store);
      expect(failed(found)).toEqual([]);
      expect(found).toMatchObject({ trusted: true, url: store.url });
      expect(found.checks.map((c) => c.name)).toEqual(storeChecks.map((c) => c.name));
      expect(await keysOf(store)).toEqual([doctorRecordKey]);
      expect(await readDoctorRecord(store)).toMatchObject({
        trusted: true,
        failed: [],
        examined_at: now().toISOString(),
      });
    }
  });

  it('catches a store that ignores preconditions, and promote refuses it from then on', async () => {
    const liar = new LyingStore(openMemoryStore());
    const simulation = new Simulation(liar);
    await simulation.publish('1.0.0');
    await simulation.publish('1.1.0');
    expect(await codeOf(simulation.promote('1.0.0'))).toBe('done');
    const found = await examine(liar);
    expect(found.trusted).toBe(false);
    expect(failed(found)).toEqual([
      'create-over-existing',
      'stale-update',
      'update-of-missing',
      'create-race',
      'update-race',
      'stale-remove',
    ]);
    const failure = await failureOf(simulation.promote('1.1.0'));
    expect(failure).toMatchObject({ code: 'store-not-trusted', exit: 3 });
    expect(failure.message).toContain('stale-update');
    expect(await codeOf(simulation.rollback({ to: '1.1.0' }))).toBe('store-not-trusted');
    expect(await keysOf(liar.inner, '_coldgate/')).toEqual([doctorRecordKey]);
    // Another process, which reads the record for the first time.
    expect(await codeOf(new Simulation(new LyingStore(liar.inner)).promote('1.1.0'))).toBe('store-not-trusted');
  });

  it('trusts a store again that was repaired and examined again', async () => {
    const inner = openMemoryStore();
    await examine(new LyingStore(inner));
    const simulation = new Simulation(inner);
    await simulation.publish('1.0.0');
    expect(await codeOf(simulation.promote('1.0.0'))).toBe('store-not-trusted');
    expect((await examine(inner)).trusted).toBe(true);
    expect(await codeOf(simulation.promote('1.0.0'))).toBe('done');
  });

  it('catches a server that refuses and writes all the same', async () => {
    class TwoFaced extends LyingStore {
      override async put(key: string, body: Body, when: Precondition, meta?: ObjectMeta): Promise<Token> {
        const honest = this.inner.put(key, body, when, meta);
        await honest.catch(() => super.put(key, body, when, meta));
        return honest;
      }
    }
    const found = await examine(new TwoFaced(openMemoryStore()));
    expect(failed(found)).toEqual(
      expect.arrayContaining(['create-over-existing', 'stale-update', 'update-of-missing']),
    );
    expect(found.trusted).toBe(false);
  });

  it('catches a server that packs or unpacks what it is given', async () => {
    class Squeezing extends WrappedStore {
      override put(key: string, body: Body, when: Precondition, meta?: ObjectMeta): Promise<Token> {
        const gzip = body instanceof Uint8Array && body[0] === 0x1f;
        return this.inner.put(key, gzip ? body.subarray(0, 10) : body, when, meta);
      }
    }
    expect(failed(await examine(new Squeezing(openMemoryStore())))).toEqual(['identity-encoding']);
  });

  it('reports lost metadata without distrusting the store for it', async () => {
    class Forgetful extends WrappedStore {
      override put(key: string, body: Body, when: Precondition): Promise<Token> {
        return this.inner.put(key, body, when);
      }
    }
    const found = await examine(new Forgetful(openMemoryStore()));
    expect(failed(found)).toEqual(['metadata']);
    expect(found.trusted).toBe(true);
  });

  it('lets promotions go on where removals ignore their condition, and has prune refuse', async () => {
    class Careless extends WrappedStore {
      override async remove(key: string): Promise<void> {
        const found = await this.inner.head(key);
        if (found) await this.inner.remove(key, { unchanged: found.token });
      }
    }
    const store = new Careless(openMemoryStore());
    const found = await examine(store);
    expect([failed(found), found.trusted]).toEqual([['stale-remove'], true]);
    const simulation = new Simulation(store);
    for (const version of ['1.0.0', '1.1.0', '1.2.0']) await simulation.publish(version);
    expect(await codeOf(simulation.promote('1.2.0'))).toBe('done');
    const before = await keysOf(store);
    expect(await codeOf(simulation.prune({ retain: 1 }))).toBe('store-not-trusted');
    expect(await keysOf(store)).toEqual(before);
  });

  it('calls a check that could not be tried by that name', async () => {
    class Broken extends WrappedStore {
      override remove(): Promise<void> {
        return Promise.reject(new Error('boom'));
      }
    }
    const log = recordingLogger();
    const found = await examineStore({ store: new Broken(openMemoryStore()), now, coldgateVersion: '0.0.0', log });
    expect(failed(found)).toEqual(['update-of-missing', 'stale-remove', 'list-after-write']);
    expect(found.checks.find((c) => c.name === 'stale-remove')?.detail).toContain('boom');
    expect(log.warnings).toHaveLength(1);
  });

  it('passes a denial on, since then nothing is known', async () => {
    class Closed extends WrappedStore {
      override put(key: string): Promise<Token> {
        return Promise.reject(new DeniedError('s3:PutObject is missing', { store: this.url, key }));
      }
    }
    expect(await codeOf(examine(new Closed(openMemoryStore())))).toBe('denied');
  });

  it('catches each other promise that is not kept by the check of its name', async () => {
    const inner = () => openMemoryStore();
    class Backwards extends WrappedStore {
      override async *list(prefix: string): AsyncGenerator<ObjectInfo> {
        const found: ObjectInfo[] = [];
        for await (const info of this.inner.list(prefix)) found.unshift(info);
        yield* found;
      }
    }
    class Deaf extends WrappedStore {
      override get(key: string): Promise<never> {
        return this.inner.get(key) as Promise<never>;
      }
    }
    const later = () => new Date(Date.now() + 2 * 60 * 60 * 1000);
    expect(failed(await examine(new Backwards(inner())))).toEqual(['list-order']);
    expect(failed(await examine(new Deaf(inner())))).toEqual(['conditional-read']);
    const slow = await examine(new AgedStore(inner(), later));
    expect([failed(slow), slow.trusted]).toEqual([['clock'], true]);
    expect(slow.checks.find(({ name }) => name === 'clock')?.detail).toMatch(
      /^the store is 720\d s ahead of this machine$/,
    );
  });
});

describe('the record of doctor', () => {
  it('that cannot be read counts as none', async () => {
    const store = openMemoryStore();
    await overwrite(store, doctorRecordKey, '{"trusted":"no"}');
    const simulation = new Simulation(store);
    await simulation.publish('1.0.0');
    expect(await codeOf(simulation.promote('1.0.0'))).toBe('done');
    expect(await keysOf(store, `${model}/current`)).toHaveLength(1);
  });
});
