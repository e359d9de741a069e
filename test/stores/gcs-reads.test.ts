import { describe, expect, it } from 'vitest';
import { openGcsStore } from '../../src/stores/gcs.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { describedMedia, gcsError, googleEnvironment, json, scriptedGcs } from '../fakes/stores/gcs-server.ts';
import { key, RangedReads, readsALargeObject, readsAnObject } from './ranged-reads.ts';

googleEnvironment();

const reads = new RangedReads({
  start: scriptedGcs,
  open: async (endpoint, limits) => openGcsStore({ url: 'gs://bucket', endpoint }, { rateMs: 30, ...limits }),
  action: 'media',
  rangeOf: ({ headers }) => headers.range,
  described: (size, sent) => ({ ...describedMedia(size), 'content-length': String(sent) }),
  token: 'gs:7',
  demanded: ({ query }) => query.get('generation'),
  unwanted: ({ query }) => query.get('ifGenerationNotMatch'),
  unchanged: { status: 304 },
  noRange: { status: 416 },
  changed: [['replaced or removed', gcsError(404, 'notFound', 'No such object: bucket/name')]],
  failures: [
    ['500', gcsError(500, 'backendError')],
    ['503', gcsError(503, 'backendError')],
    ['too many requests', gcsError(429, 'rateLimitExceeded')],
  ],
});

describe('reading an object of Google Cloud Storage', () => {
  readsAnObject(reads);

  // Google unpacks for those who do not say that they take gzip.
  it('says that it takes gzip', async () => {
    reads.on(reads.whole);
    await reads.comesWhole();
    expect(reads.server.received[0]?.headers['accept-encoding']).toBe('gzip');
  });

  it('tells a missing bucket from a missing object', async () => {
    const store = await reads.open();
    reads.on({ status: 404, body: 'No such object: bucket/name' });
    expect(await errorCode(store.get(key))).toBe('not-found');
    reads.on({ status: 404, body: 'The specified bucket does not exist.' });
    expect(await errorCode(store.get(key))).toBe('no-bucket');
    expect(await store.head(key)).toBeUndefined();
    reads.server.on('describe', gcsError(404, 'notFound', 'The specified bucket does not exist.'));
    expect(await errorCode(store.head(key))).toBe('no-bucket');
  });

  it('refuses an answer that does not say which object it is of', async () => {
    const store = await reads.open();
    reads.on({ status: 200, headers: { 'content-length': '1' }, body: 'x' });
    expect(await errorCode(store.get(key))).toBe('store-unavailable');
    reads.server.on('describe', json({ size: '3', updated: '2026-11-24T08:00:00Z' }));
    expect(await errorCode(store.head(key))).toBe('store-unavailable');
  });
});

describe('reading a large object of Google Cloud Storage', () => readsALargeObject(reads));
