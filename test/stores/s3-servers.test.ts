import { setTimeout as wait } from 'node:timers/promises';
import { ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { expect, it, vi } from 'vitest';
import { openS3Store } from '../../src/stores/s3.ts';
import { readAll, type Store } from '../../src/stores/store.ts';
import { FaultProxy } from '../emulators/fault-proxy.ts';
import { itOn } from '../emulators/gaps.ts';
import { describeWith } from '../emulators/servers.ts';
import { failingAfter, madeBytes } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { s3Bucket, s3Environment } from '../fakes/stores/s3-bucket.ts';

const mebibyte = 1024 * 1024;
/** The smallest parts that S3 takes: what is larger goes in several. */
const limits = { partBytes: 5 * mebibyte, attempts: 2 };
const key = 'digits/versions/1.0.0/model.onnx';
const meta = { contentType: 'application/octet-stream', cacheControl: 'public, max-age=60' };

const bytesOf = async (store: Store, name = key) => Buffer.from(await readAll(await store.get(name), 100 * mebibyte));

for (const name of ['moto', 'radosgw'] as const) {
  describeWith(name, `the S3 store on ${name}`, () => {
    s3Environment(name);

    it('copies from bucket to bucket without carrying the bytes', async () => {
      const from = await openS3Store((await s3Bucket(name)).settings, limits);
      const bytes = madeBytes(11 * mebibyte);
      await from.put('a b/+ü', bytes, 'absent');
      const info = (await from.head('a b/+ü'))!;
      const proxy = await FaultProxy.before((await s3Bucket(name)).settings.endpoint!);
      const { settings } = await s3Bucket(name);
      // Both through the proxy, which counts the bytes: buckets of one server are known by its address.
      const through = { endpoint: proxy.endpoint };
      const source = await openS3Store({ url: from.url, ...through }, limits);
      const to = await openS3Store({ url: settings.url, ...through }, limits);
      const token = await to.copyFrom!(source, 'a b/+ü', { key, info, meta });
      expect(proxy.requests.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(10_000);
      expect(proxy.requests.filter(({ method }) => method === 'GET')).toEqual([]);
      expect(await to.head(key)).toMatchObject({ token, size: bytes.byteLength, meta });
      expect((await bytesOf(to)).equals(bytes)).toBe(true);

      expect(await errorCode(to.copyFrom!(source, 'a b/+ü', { key, info, meta }))).toBe('already-exists');
      await proxy.close();
    });

    it('updates many objects at once, also while it learns how the server compares ETags', async () => {
      const store = await openS3Store((await s3Bucket(name)).settings, limits);
      const keys = Array.from({ length: 10 }, (_, n) => `digits/${n}.json`);
      const tokens = await Promise.all(keys.map((one) => store.put(one, Buffer.from('1'), 'absent')));
      await Promise.all(keys.map((one, n) => store.put(one, Buffer.from('2'), { unchanged: tokens[n]! })));
      for (const one of keys) expect((await bytesOf(store, one)).toString()).toBe('2');
    });

    itOn(name, 'copies no other state than the one it was told', async () => {
      const store = await openS3Store((await s3Bucket(name)).settings, limits);
      const old = await store.put('a', Buffer.from('old'), 'absent');
      const info = (await store.head('a'))!;
      await store.put('a', Buffer.from('new'), { unchanged: old });
      expect(await errorCode(store.copyFrom!(store, 'a', { key, info, meta }))).toBe('stale-token');
      expect(await store.head(key)).toBeUndefined();
    });

    it('leaves no parts behind when a source fails, or another has won', async () => {
      const { settings, bucket, client } = await s3Bucket(name);
      const store = await openS3Store(settings, limits);
      const broken = failingAfter(madeBytes(12 * mebibyte), new Error('the source broke'));
      expect(await errorCode(store.put(key, broken, 'absent'))).toContain('the source broke');
      async function* overtaken(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(11 * mebibyte);
        await store.put(key, Buffer.from('first'), 'absent');
      }
      const late = await errorCode(store.put(key, overtaken(), 'absent'));
      if (name === 'moto') expect(late).toBe('already-exists');
      const { Uploads } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
      expect(Uploads ?? []).toEqual([]);
    });

    it('keeps what it was told when an answer of a large upload is lost at any request', async () => {
      const { settings } = await s3Bucket(name);
      const proxy = await FaultProxy.before(settings.endpoint!);
      const store = await openS3Store({ ...settings, endpoint: proxy.endpoint }, limits);
      const bytes = madeBytes(6 * mebibyte);
      for (let index = 1; index <= 5; index++) {
        proxy.forget();
        proxy.script = (requests) => (requests.index === index ? { kind: 'lose-reply' } : undefined);
        const path = `${key}.${index}`;
        const code = await errorCode(store.put(path, bytes, 'absent'));
        // A lost answer to the completion is all that can leave it open.
        expect(['did not throw', ...(index === 5 ? ['store-unavailable'] : [])]).toContain(code);
        if (code === 'did not throw' || (await store.head(path)))
          expect((await bytesOf(store, path)).equals(bytes)).toBe(true);
      }
      await proxy.close();
    });

    it('reads on after resets in the middle of bodies', async () => {
      const { settings } = await s3Bucket(name);
      const bytes = madeBytes(16 * mebibyte);
      await (await openS3Store(settings, limits)).put(key, bytes, 'absent');
      const proxy = await FaultProxy.before(settings.endpoint!);
      proxy.script = ({ index }) => (index % 2 === 1 ? { kind: 'cut-reply', afterBytes: 1_000_000 } : undefined);
      const store = await openS3Store({ ...settings, endpoint: proxy.endpoint }, limits);
      expect((await bytesOf(store)).equals(bytes)).toBe(true);
      await proxy.close();
    });

    it('signs links that anybody can read with', async () => {
      const store = await openS3Store((await s3Bucket(name)).settings);
      await store.put('with space/ü+?', Buffer.from('words'), 'absent', meta);
      const answer = await fetch((await store.signedUrl('with space/ü+?', 60)).url);
      expect(await answer.text()).toBe('words');
      expect(answer.headers.get('content-type')).toBe(meta.contentType);
    });
  });
}

describeWith('radosgw', 'signatures of the S3 store', () => {
  s3Environment('radosgw');

  it('open a link for as long as it is valid, and nothing else', async () => {
    const store = await openS3Store((await s3Bucket('radosgw')).settings);
    await store.put('a', Buffer.from('words'), 'absent');
    await store.put('b', Buffer.from('others'), 'absent');
    const link = (await store.signedUrl('a', 1)).url;
    expect((await fetch(link)).status).toBe(200);
    expect((await fetch(link.replace('/a?', '/b?'))).status).toBe(403);
    expect((await fetch(link, { method: 'DELETE' })).status).toBe(403);
    await wait(2100);
    expect((await fetch(link)).status).toBe(403);
  });

  it('must be of credentials that the server knows', async () => {
    const { settings } = await s3Bucket('radosgw');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');
    const store = await openS3Store(settings);
    const wrong = { code: 'denied', exit: 8, hint: expect.stringContaining('configure-aws-credentials') };
    await expect(store.put('a', Buffer.from('1'), 'absent')).rejects.toMatchObject(wrong);
    await expect(store.head('a')).rejects.toMatchObject(wrong);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'nobody');
    await expect((await openS3Store(settings)).get('a')).rejects.toMatchObject(wrong);
  });

  it('cover the bytes: what was changed on the way is sent again', async () => {
    const { settings } = await s3Bucket('radosgw');
    const proxy = await FaultProxy.before(settings.endpoint!);
    proxy.script = ({ index }) => (index === 1 ? { kind: 'reset-mid-body', afterBytes: 1000 } : undefined);
    const store = await openS3Store({ ...settings, endpoint: proxy.endpoint }, limits);
    const bytes = madeBytes(100_000);
    await store.put('a', bytes, 'absent');
    expect((await bytesOf(store, 'a')).equals(bytes)).toBe(true);
    expect(proxy.requests.filter(({ method }) => method === 'PUT')).toHaveLength(2);
    await proxy.close();
  });
});
