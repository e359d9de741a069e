import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAzureStore } from '../../src/stores/azure.ts';
import type { Precondition, Store } from '../../src/stores/store.ts';
import {
  account,
  accountKey,
  azureEnvironment,
  azureError,
  describedBlob,
  listed,
  scriptedAzure,
  wrote,
} from '../fakes/stores/azure-server.ts';
import { gathered } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { type Answer, hangUp, type ScriptedServer, silent, stallMsFor } from '../fakes/stores/script-server.ts';

azureEnvironment();

const url = `azure://${account}/container/models`;
const limits = { attempts: 3 };
let server: ScriptedServer;
let store: Store;
const opened = (...answers: Answer[]): Promise<Store> =>
  openAzureStore({ url, endpoint: server.endpoint }, { ...limits, stallMs: stallMsFor(...answers) });
beforeEach(async () => {
  server = await scriptedAzure();
  store = await opened();
});
afterEach(() => server.close());

const key = 'digits/current.json';
const text = Buffer.from('{}');
const update = { unchanged: 'azure:"0x7"' };
const put = (when: Precondition) => errorCode(store.put(key, text, when));

const done = wrote();
const refusal = azureError(412, 'ConditionNotMet');
const exists = azureError(409, 'BlobAlreadyExists');
const damaged = azureError(400, 'Md5Mismatch');
const page: Answer = { status: 502, headers: { 'content-type': 'text/html' }, body: '<html><p>Bad gateway</html>' };

/** What Azure answers in turn; what a create and an update are told; how many requests it took. */
const outcomes: [name: string, answers: Answer[], create: string, update: string, requests: number][] = [
  ['done', [done], 'did not throw', 'did not throw', 1],
  ['refused with 412 (P7)', [refusal], 'already-exists', 'stale-token', 1],
  ['refused by the target', [azureError(412, 'TargetConditionNotMet')], 'already-exists', 'stale-token', 1],
  ['nothing there', [azureError(404, 'BlobNotFound')], 'not-found', 'stale-token', 1],
  ['lost, then done', [hangUp, done], 'did not throw', 'did not throw', 2],
  ['lost, then refused: perhaps by ourselves (P1)', [hangUp, refusal], 'store-unavailable', 'store-unavailable', 2],
  ['500, then refused', [azureError(500, 'OperationTimedOut'), refusal], 'store-unavailable', 'store-unavailable', 2],
  ['503, then refused', [azureError(503, 'ServerBusy'), refusal], 'store-unavailable', 'store-unavailable', 2],
  ['a gateway’s page, then refused', [page, refusal], 'store-unavailable', 'store-unavailable', 2],
  [
    'too many requests, then refused',
    [azureError(429, 'TooManyRequests'), refusal],
    'already-exists',
    'stale-token',
    2,
  ],
  [
    'a copy is running, then refused',
    [azureError(409, 'PendingCopyOperation'), refusal],
    'already-exists',
    'stale-token',
    2,
  ],
  ['silence, then refused', [silent, refusal], 'store-unavailable', 'store-unavailable', 2],
  ['lost again and again', [hangUp], 'store-unavailable', 'store-unavailable', 3],
  ['damaged on the way, then done', [damaged, done], 'did not throw', 'did not throw', 2],
  ['damaged, then refused', [damaged, refusal], 'already-exists', 'stale-token', 2],
  ['denied', [azureError(403, 'AuthorizationPermissionMismatch')], 'denied', 'denied', 1],
  ['lost, then denied', [hangUp, azureError(403, 'AuthorizationFailure')], 'store-unavailable', 'store-unavailable', 2],
  ['a key that is not taken', [azureError(403, 'KeyBasedAuthenticationNotPermitted')], 'denied', 'denied', 1],
  ['kept by a policy', [azureError(409, 'BlobImmutableDueToPolicy')], 'denied', 'denied', 1],
  ['no container', [azureError(404, 'ContainerNotFound')], 'no-bucket', 'no-bucket', 1],
  [
    'leased: no refusal of the condition (P7)',
    [azureError(412, 'LeaseIdMissing')],
    'object-leased',
    'object-leased',
    1,
  ],
  ['archived', [azureError(409, 'BlobArchived')], 'object-archived', 'object-archived', 1],
  ['a blob of another type', [azureError(409, 'InvalidBlobType')], 'request-refused', 'request-refused', 1],
  ['not implemented', [azureError(501, 'NotImplemented')], 'unsupported', 'unsupported', 1],
  ['a name too long', [azureError(400, 'InvalidUri')], 'bad-key', 'bad-key', 1],
  [
    'something wrong with the request',
    [azureError(400, 'InvalidHeaderValue')],
    'request-refused',
    'request-refused',
    1,
  ],
  ['a success without an ETag', [{ status: 201 }], 'store-unavailable', 'store-unavailable', 1],
];

describe('a write on Azure that is answered', () => {
  it.each(outcomes)('%s', async (_name, answers, create, updated, requests) => {
    store = await opened(...answers);
    for (const [when, expected] of [['absent', create] as const, [update, updated] as const]) {
      server.received.length = 0;
      server.on('put', ...answers);
      expect(await put(when)).toBe(expected);
      const sent = server.of('put');
      // Where silence is short, a busy machine may bring one more.
      if (answers.includes(silent)) expect(sent.length).toBeGreaterThanOrEqual(requests);
      else expect(sent).toHaveLength(requests);
      // Sent again, it is the same write under the same condition.
      for (const { headers, body } of sent) {
        expect(body.equals(text)).toBe(true);
        const condition = [headers['if-none-match'], headers['if-match']];
        expect(condition).toEqual(when === 'absent' ? ['*', undefined] : [undefined, '"0x7"']);
        expect(headers['x-ms-lease-id']).toBeUndefined();
      }
    }
  });

  it('with 409 where the blob exists (P7)', async () => {
    server.on('put', exists);
    expect(await put('absent')).toBe('already-exists');
    server.on('put', hangUp, exists);
    expect(await put('absent')).toBe('store-unavailable');
  });

  it('by nobody at all', async () => {
    const { endpoint } = server;
    await server.close();
    const gone = await openAzureStore({ url, endpoint }, { attempts: 2 });
    await expect(gone.put(key, text, 'absent')).rejects.toMatchObject({
      code: 'store-unavailable',
      exit: 1,
      message: expect.stringContaining('ECONNREFUSED'),
      hint: expect.stringContaining('account'),
    });
    server = await scriptedAzure();
  });

  it('with silence says for what it waited and how long', async () => {
    server.on('put', silent);
    await expect((await opened(silent)).put(key, text, 'absent')).rejects.toThrow(
      /no byte came for 0.5 s while waiting for http.* to create/,
    );
  });

  it('tells nothing secret', async () => {
    const echo = `Server failed to authenticate: AccountKey=${accountKey} sig=abcdef%3D`;
    server.on('put', azureError(403, 'AuthenticationFailed', echo));
    const thrown = await store.put(key, text, 'absent').catch((error: unknown) => error);
    expect(thrown).toMatchObject({ code: 'denied', hint: expect.stringContaining('clock') });
    const shown = inspect(thrown, { depth: 9 });
    expect(shown).toContain('AuthenticationFailed');
    expect(shown).not.toContain(accountKey);
    expect(shown).not.toMatch(/abcdef|SharedKey/);
  });
});

describe('a removal on Azure that is answered', () => {
  const gone = azureError(404, 'BlobNotFound');
  const removals: [name: string, answers: Answer[], head: Answer, expected: string, requests: number][] = [
    ['done', [{ status: 202 }], gone, 'did not throw', 1],
    ['refused', [refusal], { status: 200, headers: describedBlob(2, '"0x9"') }, 'stale-token', 1],
    // No blob has no ETag: the condition fails where nothing is.
    ['refused where nothing is', [refusal], gone, 'did not throw', 1],
    ['gone', [gone], gone, 'did not throw', 1],
    ['lost, then gone', [hangUp, gone], gone, 'did not throw', 2],
    [
      'lost, then refused',
      [hangUp, refusal],
      { status: 200, headers: describedBlob(2, '"0x9"') },
      'store-unavailable',
      2,
    ],
    ['denied', [azureError(403, 'AuthorizationPermissionMismatch')], gone, 'denied', 1],
    ['no container', [azureError(404, 'ContainerNotFound')], gone, 'no-bucket', 1],
    ['it has snapshots', [azureError(409, 'SnapshotsPresent')], gone, 'object-has-snapshots', 1],
  ];
  it.each(removals)('%s', async (_name, answers, head, expected, requests) => {
    server.on('delete', ...answers);
    server.on('head', head);
    expect(await errorCode(store.remove(key, update))).toBe(expected);
    expect(server.of('delete')).toHaveLength(requests);
    expect(server.of('delete')[0]?.headers['if-match']).toBe('"0x7"');
  });
});

describe('tokens of Azure', () => {
  it('are refused without a request when they are of another kind, a list, or anything at all', async () => {
    for (const token of [
      'file:"e0"',
      'azure:',
      'azure:*',
      'azure:"*"',
      'azure:"a", "b"',
      'azure:0x7',
      'azure:"a"\r\nX: y',
      '"e0"',
    ]) {
      expect(await put({ unchanged: token })).toBe('stale-token');
      expect(await errorCode(store.remove(key, { unchanged: token }))).toBe('stale-token');
    }
    expect(server.received).toEqual([]);
  });

  it('are the same from a listing, which gives ETags without their quotes', async () => {
    server.on(
      'list',
      listed([
        { name: `models/${key}`, etag: '0x8DE' },
        { name: 'models/quoted', etag: '&quot;0x8DF&quot;' },
      ]),
    );
    expect((await gathered(store.list(''))).map((info) => info.token)).toEqual(['azure:"0x8DE"', 'azure:"0x8DF"']);
  });
});

describe('what is sent to Azure with an object', () => {
  it('is its type, caching, checksum and encryption scope, and no encoding', async () => {
    store = await openAzureStore({ url, endpoint: server.endpoint, encryptionScope: 'models-scope' }, limits);
    await store.put(key, text, 'absent', { contentType: 'application/json', cacheControl: 'no-cache' });
    const { headers, path } = server.received[0]!;
    const md5 = createHash('md5').update(text).digest('base64');
    expect(path).toBe(`/${account}/container/models/${key}`);
    expect(headers).toMatchObject({
      'x-ms-blob-content-type': 'application/json',
      'x-ms-blob-cache-control': 'no-cache',
      'x-ms-blob-content-md5': md5,
      'content-md5': md5,
      'x-ms-encryption-scope': 'models-scope',
    });
    expect(headers['x-ms-blob-content-encoding']).toBeUndefined();
    expect(headers['content-encoding']).toBeUndefined();
  });
});

describe('a listing of Azure', () => {
  it('is of all pages, in key order, without folders and what cannot be a key', async () => {
    server.on(
      'list',
      listed(
        [{ name: 'models/b' }, { name: 'models/folder', size: 0, metadata: '<hdi_isfolder>true</hdi_isfolder>' }],
        'p2',
      ),
      listed([], 'p3'),
      listed([{ name: 'models/a-b' }, { name: 'models/a/c' }, { name: 'models/x//y' }]),
    );
    expect((await gathered(store.list(''))).map((info) => info.key)).toEqual(['a-b', 'a/c', 'b']);
    expect(server.received.map(({ query }) => query.get('marker'))).toEqual([null, 'p2', 'p3']);
    expect(server.received[0]?.query.get('prefix')).toBe('models/');
  });

  it('takes a folder of an account with folders for nothing', async () => {
    server.on('head', { status: 200, headers: { ...describedBlob(0), 'x-ms-meta-hdi_isfolder': 'true' } });
    expect(await store.head('digits')).toBeUndefined();
    server.on('get', { status: 200, headers: { ...describedBlob(0), 'x-ms-meta-hdi_isfolder': 'true' } });
    expect(await errorCode(store.get('digits'))).toBe('not-found');
  });
});
