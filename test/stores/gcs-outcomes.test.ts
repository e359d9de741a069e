import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGcsStore } from '../../src/stores/gcs.ts';
import type { Precondition, Store } from '../../src/stores/store.ts';
import { gathered } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { gcsError, googleEnvironment, json, scriptedGcs } from '../fakes/stores/gcs-server.ts';
import { type Answer, hangUp, type ScriptedServer, silent, stallMsFor } from '../fakes/stores/script-server.ts';

googleEnvironment();

const limits = { attempts: 3, rateMs: 30 };
let server: ScriptedServer;
let store: Store;
const opened = (...answers: Answer[]): Store =>
  openGcsStore(
    { url: 'gs://bucket/models', endpoint: server.endpoint },
    { ...limits, stallMs: stallMsFor(...answers) },
  );
beforeEach(async () => {
  server = await scriptedGcs();
  store = opened();
});
afterEach(() => server.close());

const key = 'digits/current.json';
const text = Buffer.from('{}');
const update = { unchanged: 'gs:7' };
const put = (when: Precondition) => errorCode(store.put(key, text, when));

const done = json({ generation: '8', size: '2' });
const refusal = gcsError(412, 'conditionNotMet', 'At least one of the pre-conditions you specified did not hold.');
const busy = gcsError(429, 'rateLimitExceeded', 'The object exceeded the rate limit for object mutation operations');
const noBucket = gcsError(404, 'notFound', 'The specified bucket does not exist.');
const damaged = gcsError(400, 'invalid', 'Provided CRC32C "AAAAAA==" doesn\'t match calculated CRC32C "BBBBBB==".');
const page: Answer = { status: 502, headers: { 'content-type': 'text/html' }, body: '<html><p>Bad gateway</html>' };

/** What Google answers in turn; what a create and an update are told; how many requests it took. */
const outcomes: [name: string, answers: Answer[], create: string, update: string, requests: number][] = [
  ['done', [done], 'did not throw', 'did not throw', 1],
  ['refused', [refusal], 'already-exists', 'stale-token', 1],
  ['too many changes, then done (P6)', [busy, done], 'did not throw', 'did not throw', 2],
  ['too many changes, then refused', [busy, refusal], 'already-exists', 'stale-token', 2],
  ['too many changes only', [busy], 'store-unavailable', 'store-unavailable', 3],
  ['a quota as 403', [gcsError(403, 'rateLimitExceeded'), done], 'did not throw', 'did not throw', 2],
  ['lost, then done', [hangUp, done], 'did not throw', 'did not throw', 2],
  ['lost, then refused: perhaps by ourselves (P1)', [hangUp, refusal], 'store-unavailable', 'store-unavailable', 2],
  ['500, then refused', [gcsError(500, 'backendError'), refusal], 'store-unavailable', 'store-unavailable', 2],
  ['503, then refused', [gcsError(503, 'backendError'), refusal], 'store-unavailable', 'store-unavailable', 2],
  [
    '408, then refused',
    [gcsError(408, 'uploadBrokenConnection'), refusal],
    'store-unavailable',
    'store-unavailable',
    2,
  ],
  ['a gateway’s page, then refused', [page, refusal], 'store-unavailable', 'store-unavailable', 2],
  ['lost, too many changes, then refused', [hangUp, busy, refusal], 'store-unavailable', 'store-unavailable', 3],
  ['silence, then refused', [silent, refusal], 'store-unavailable', 'store-unavailable', 2],
  [
    'words that are no JSON, then refused',
    [{ status: 200, body: 'yes' }, refusal],
    'store-unavailable',
    'store-unavailable',
    2,
  ],
  ['lost again and again', [hangUp], 'store-unavailable', 'store-unavailable', 3],
  ['damaged on the way, then done', [damaged, done], 'did not throw', 'did not throw', 2],
  ['damaged, then refused', [damaged, refusal], 'already-exists', 'stale-token', 2],
  ['denied', [gcsError(403, 'forbidden')], 'denied', 'denied', 1],
  ['lost, then denied', [hangUp, gcsError(403, 'forbidden')], 'store-unavailable', 'store-unavailable', 2],
  ['not logged in', [gcsError(401, 'authError', 'Invalid Credentials')], 'denied', 'denied', 1],
  ['no bucket', [noBucket], 'no-bucket', 'no-bucket', 1],
  ['not implemented', [gcsError(501, 'notImplemented')], 'unsupported', 'unsupported', 1],
  ['a name too long', [gcsError(400, 'invalid', 'The specified object name is not valid.')], 'bad-key', 'bad-key', 1],
  ['something wrong with the request', [gcsError(400, 'invalid')], 'request-refused', 'request-refused', 1],
  ['a success without a generation', [json({})], 'store-unavailable', 'store-unavailable', 1],
];

describe('a write on Google Cloud Storage that is answered', () => {
  it.each(outcomes)('%s', async (_name, answers, create, updated, requests) => {
    store = opened(...answers);
    for (const [when, expected] of [['absent', create] as const, [update, updated] as const]) {
      server.received.length = 0;
      server.on('insert', ...answers);
      expect(await put(when)).toBe(expected);
      const sent = server.of('insert');
      // Where silence is short, a busy machine may bring one more.
      if (answers.includes(silent)) expect(sent.length).toBeGreaterThanOrEqual(requests);
      else expect(sent).toHaveLength(requests);
      // Sent again, it is the same write under the same condition.
      expect(new Set(sent.map(({ body }) => body.toString('latin1'))).size).toBe(1);
      for (const { query } of sent) expect(query.get('ifGenerationMatch')).toBe(when === 'absent' ? '0' : '7');
    }
  });

  it('with other bytes than were sent is undone, and not reported as written', async () => {
    for (const wrong of [{ size: '3' }, { size: '2', crc32c: 'AAAAAA==' }]) {
      server.received.length = 0;
      server.on('insert', json({ generation: '8', ...wrong }));
      expect(await put('absent')).toBe('store-unavailable');
      expect(server.actions()).toEqual(['insert', 'delete']);
      expect(server.received[1]?.query.get('ifGenerationMatch')).toBe('8');
    }
  });

  it('waits as long as Google wants between changes of an object, and the usual while after other failures', async () => {
    store = openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint }, { ...limits, rateMs: 700 });
    server.on('insert', busy, done);
    const begun = performance.now();
    await store.put(key, text, 'absent');
    expect(performance.now() - begun).toBeGreaterThan(790);
    store = openGcsStore({ url: 'gs://bucket', endpoint: server.endpoint }, { ...limits, rateMs: 60_000 });
    server.on('insert', gcsError(503, 'backendError'), done);
    const again = performance.now();
    await store.put(key, text, 'absent');
    expect(performance.now() - again).toBeLessThan(50_000);
  });

  it('by nobody at all', async () => {
    const { endpoint } = server;
    await server.close();
    const gone = openGcsStore({ url: 'gs://bucket', endpoint }, { attempts: 2 });
    await expect(gone.put(key, text, 'absent')).rejects.toMatchObject({
      code: 'store-unavailable',
      exit: 1,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    server = await scriptedGcs();
  });

  it('with silence says for what it waited and how long', async () => {
    server.on('insert', silent);
    await expect(opened(silent).put(key, text, 'absent')).rejects.toThrow(
      /no byte came for 0.5 s while waiting for http.* to create/,
    );
  });
});

describe('a removal on Google Cloud Storage that is answered', () => {
  const removals: [name: string, answers: Answer[], expected: string, requests: number][] = [
    ['done', [{ status: 204 }], 'did not throw', 1],
    ['refused', [refusal], 'stale-token', 1],
    ['gone', [gcsError(404, 'notFound', 'No such object: bucket/name')], 'did not throw', 1],
    ['lost, then gone', [hangUp, gcsError(404, 'notFound')], 'did not throw', 2],
    ['lost, then refused', [hangUp, refusal], 'store-unavailable', 2],
    ['too many changes, then done', [busy, { status: 204 }], 'did not throw', 2],
    ['denied', [gcsError(403, 'forbidden')], 'denied', 1],
    ['kept by a retention policy', [gcsError(403, 'retentionPolicyNotMet')], 'denied', 1],
    ['no bucket', [noBucket], 'no-bucket', 1],
  ];
  it.each(removals)('%s', async (_name, answers, expected, requests) => {
    server.on('delete', ...answers);
    expect(await errorCode(store.remove(key, update))).toBe(expected);
    expect(server.of('delete')).toHaveLength(requests);
    expect(server.of('delete')[0]?.query.get('ifGenerationMatch')).toBe('7');
  });
});

describe('tokens of Google Cloud Storage', () => {
  it('are refused without a request when they are of another kind, zero, or anything at all', async () => {
    for (const token of [
      'file:7',
      'gs:',
      'gs:0',
      'gs:07',
      'gs:-1',
      'gs:7&alt=media',
      'gs:7\r\nX: y',
      'gs:1e3',
      '7',
      '',
    ]) {
      expect(await put({ unchanged: token })).toBe('stale-token');
      expect(await errorCode(store.remove(key, { unchanged: token }))).toBe('stale-token');
    }
    expect(server.received).toEqual([]);
  });

  it('keep all digits of a generation', async () => {
    server.on('insert', json({ generation: '1764000000123456789' }));
    expect(await store.put(key, text, 'absent')).toBe('gs:1764000000123456789');
  });
});

describe('what is sent to Google Cloud Storage with an object', () => {
  it('is its name, type, caching and checksum, and no encoding', async () => {
    const kmsKey = 'projects/p/locations/eu/keyRings/r/cryptoKeys/k';
    store = openGcsStore({ url: 'gs://bucket/models', endpoint: server.endpoint, kmsKey }, limits);
    await store.put(key, Buffer.from('123456789'), 'absent', {
      contentType: 'application/json',
      cacheControl: 'no-cache',
    });
    const { query, headers, body } = server.received[0]!;
    const [, resource, media] = body.toString().split(/\r\n\r\n/);
    expect(JSON.parse(resource!.split('\r\n--')[0]!)).toEqual({
      name: 'models/digits/current.json',
      contentType: 'application/json',
      cacheControl: 'no-cache',
      // The check value of CRC-32C, e3069283.
      crc32c: Buffer.from('e3069283', 'hex').toString('base64'),
    });
    expect(media?.startsWith('123456789\r\n--')).toBe(true);
    expect(query.get('kmsKeyName')).toBe(kmsKey);
    expect(`${query}${headers['content-encoding']}${headers['content-type']}`).not.toMatch(/gzip/);
  });

  it('lists every page, of what can be a key alone', async () => {
    const item = (name: string) => ({ name, generation: '1', size: '3', updated: '2026-11-24T08:00:00Z' });
    server.on(
      'list',
      json({ items: [item('models/a'), item('models/folder/')], nextPageToken: 'p2' }),
      json({ nextPageToken: 'p3' }),
      json({ items: [item('models/b')] }),
    );
    expect((await gathered(store.list(''))).map((info) => info.key)).toEqual(['a', 'b']);
    expect(server.received.map(({ query }) => query.get('pageToken'))).toEqual([null, 'p2', 'p3']);
    expect(server.received[0]?.query.get('prefix')).toBe('models/');
  });
});
