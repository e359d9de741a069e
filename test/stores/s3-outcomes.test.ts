import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openS3Store } from '../../src/stores/s3.ts';
import type { Precondition, Store } from '../../src/stores/store.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { awsEnvironment } from '../fakes/stores/s3-environment.ts';
import { described, ScriptedS3, s3Error } from '../fakes/stores/s3-server.ts';
import { type Answer, hangUp, silent, stallMsFor } from '../fakes/stores/script-server.ts';

awsEnvironment();

let server: ScriptedS3;
let store: Store;
const opened = (...answers: Answer[]): Promise<Store> =>
  openS3Store(
    { url: 's3://bucket/models', endpoint: server.endpoint },
    { attempts: 3, stallMs: stallMsFor(...answers) },
  );
beforeEach(async () => {
  server = await new ScriptedS3().start();
  store = await opened();
});
afterEach(() => server.close());

const key = 'digits/current.json';
const text = Buffer.from('{}');
const update = { unchanged: 's3:"e0"' };
const put = (when: Precondition) => errorCode(store.put(key, text, when));

const done: Answer = { status: 200, headers: { etag: '"e1"' } };
const conflict = s3Error(409, 'ConditionalRequestConflict');
const refusal = s3Error(412, 'PreconditionFailed');
const page: Answer = { status: 502, headers: { 'content-type': 'text/html' }, body: '<html><p>Bad gateway</html>' };

/** What S3 answers in turn; what a create and an update are told; how many requests it took. */
const outcomes: [name: string, answers: Answer[], create: string, update: string, requests: number][] = [
  ['done', [done], 'did not throw', 'did not throw', 1],
  ['refused', [refusal], 'already-exists', 'stale-token', 1],
  ['nothing there', [s3Error(404, 'NoSuchKey')], 'not-found', 'stale-token', 1],
  ['a conflict, then done (P2)', [conflict, done], 'did not throw', 'did not throw', 2],
  ['a conflict, then refused', [conflict, refusal], 'already-exists', 'stale-token', 2],
  ['conflicts only', [conflict], 'store-unavailable', 'store-unavailable', 3],
  ['lost, then done', [hangUp, done], 'did not throw', 'did not throw', 2],
  ['lost, then refused: perhaps by ourselves (P1)', [hangUp, refusal], 'store-unavailable', 'store-unavailable', 2],
  ['500, then refused', [s3Error(500, 'InternalError'), refusal], 'store-unavailable', 'store-unavailable', 2],
  ['503, then refused', [s3Error(503, 'SlowDown'), refusal], 'store-unavailable', 'store-unavailable', 2],
  ['a gateway’s page, then refused', [page, refusal], 'store-unavailable', 'store-unavailable', 2],
  ['lost, a conflict, then refused', [hangUp, conflict, refusal], 'store-unavailable', 'store-unavailable', 3],
  ['silence, then refused', [silent, refusal], 'store-unavailable', 'store-unavailable', 2],
  ['lost again and again', [hangUp], 'store-unavailable', 'store-unavailable', 3],
  ['damaged on the way, then done', [s3Error(400, 'BadDigest'), done], 'did not throw', 'did not throw', 2],
  ['damaged, then refused', [s3Error(400, 'XAmzContentSHA256Mismatch'), refusal], 'already-exists', 'stale-token', 2],
  ['too slow, then done', [s3Error(400, 'RequestTimeout'), done], 'did not throw', 'did not throw', 2],
  ['denied', [s3Error(403, 'AccessDenied')], 'denied', 'denied', 1],
  ['lost, then denied', [hangUp, s3Error(403, 'AccessDenied')], 'store-unavailable', 'store-unavailable', 2],
  ['no bucket', [s3Error(404, 'NoSuchBucket')], 'no-bucket', 'no-bucket', 1],
  ['another region', [s3Error(301, 'PermanentRedirect')], 'wrong-region', 'wrong-region', 1],
  ['not implemented', [s3Error(501, 'NotImplemented')], 'unsupported', 'unsupported', 1],
  ['a key too long', [s3Error(400, 'KeyTooLongError')], 'bad-key', 'bad-key', 1],
  ['a success without an ETag, and nothing there', [{ status: 200 }], 'store-unavailable', 'store-unavailable', 1],
];

describe('a write on S3 that is answered', () => {
  it.each(outcomes)('%s', async (_name, answers, create, updated, requests) => {
    store = await opened(...answers);
    for (const [when, expected] of [['absent', create] as const, [update, updated] as const]) {
      server.received.length = 0;
      server.on('PutObject', ...answers);
      expect(await put(when)).toBe(expected);
      const sent = server.of('PutObject');
      // Where silence is short, a busy machine may bring one more.
      if (answers.includes(silent)) expect(sent.length).toBeGreaterThanOrEqual(requests);
      else expect(sent).toHaveLength(requests);
      // Sent again, it is the same write under the same condition.
      for (const { headers, body } of sent) {
        expect(body.equals(text)).toBe(true);
        const condition = [headers['if-none-match'], headers['if-match']?.replaceAll('"', '')];
        expect(condition).toEqual(when === 'absent' ? ['*', undefined] : [undefined, 'e0']);
      }
    }
  });

  it('by nobody at all', async () => {
    const { endpoint } = server;
    await server.close();
    const gone = await openS3Store({ url: 's3://bucket', endpoint }, { attempts: 2 });
    await expect(gone.put(key, text, 'absent')).rejects.toMatchObject({
      code: 'store-unavailable',
      exit: 1,
      message: expect.stringContaining('ECONNREFUSED'),
    });
    server = await new ScriptedS3().start();
  });

  it('with silence says for what it waited and how long', async () => {
    server.on('PutObject', silent);
    await expect((await opened(silent)).put(key, text, 'absent')).rejects.toThrow(
      /no byte came from http.* for 0.5 s while waiting for its answer to PutObject/,
    );
  });
});

describe('a removal on S3 that is answered', () => {
  const removals: [name: string, answers: Answer[], expected: string, requests: number][] = [
    ['done', [{ status: 204 }], 'did not throw', 1],
    ['refused', [refusal], 'stale-token', 1],
    ['gone', [s3Error(404, 'NoSuchKey')], 'did not throw', 1],
    ['lost, then gone', [hangUp, s3Error(404, 'NoSuchKey')], 'did not throw', 2],
    ['lost, then refused', [hangUp, refusal], 'store-unavailable', 2],
    ['a conflict, then done', [conflict, { status: 204 }], 'did not throw', 2],
    ['denied', [s3Error(403, 'AccessDenied')], 'denied', 1],
    ['no bucket', [s3Error(404, 'NoSuchBucket')], 'no-bucket', 1],
  ];
  it.each(removals)('%s', async (_name, answers, expected, requests) => {
    server.on('DeleteObject', ...answers);
    expect(await errorCode(store.remove(key, update))).toBe(expected);
    expect(server.of('DeleteObject')).toHaveLength(requests);
    expect(server.of('DeleteObject')[0]?.headers['if-match']).toBe('"e0"');
  });
});

describe('tokens of S3', () => {
  it('are refused without a request when they are of another kind, a list, or anything at all', async () => {
    for (const token of ['file:"e0"', 's3:', 's3:*', 's3:"*"', 's3:"a", "b"', 's3:W/"a"\r\nX: y', '"e0"']) {
      expect(await put({ unchanged: token })).toBe('stale-token');
      expect(await errorCode(store.remove(key, { unchanged: token }))).toBe('stale-token');
    }
    expect(server.received).toEqual([]);
  });

  it('are what S3 said, quotes and all, from every request that tells one', async () => {
    const etag = '"d41d8cd98f00b204e9800998ecf8427e-12"';
    server.on('PutObject', { status: 200, headers: { etag } });
    server.on('HeadObject', { status: 200, headers: described(2, etag) });
    server.on('GetObject', { status: 200, headers: described(2, etag), body: text });
    const item = `<Key>models/${key}</Key><ETag>${etag.replaceAll('"', '&quot;')}</ETag><Size>2</Size>`;
    const list = `<ListBucketResult><Contents>${item}<LastModified>2026-11-24T08:00:00.000Z</LastModified></Contents></ListBucketResult>`;
    server.on('ListObjectsV2', { status: 200, body: list });
    const token = `s3:${etag}`;
    expect(await store.put(key, text, 'absent')).toBe(token);
    expect((await store.head(key))?.token).toBe(token);
    expect((await store.get(key)).info.token).toBe(token);
    for await (const info of store.list('')) expect(info).toMatchObject({ key, token, size: 2 });
  });

  it('go out without quotes to a server that compares them so, once it was seen to', async () => {
    server.on('PutObject', ({ headers }, response) => {
      const holds = headers['if-match'] === 'e0';
      if (holds) response.writeHead(200, { etag: '"e1"' }).end();
      else response.writeHead(412).end();
    });
    server.on('HeadObject', { status: 200, headers: described(2, '"e0"') });
    expect(await put(update)).toBe('did not throw');
    expect(await put(update)).toBe('did not throw');
    expect(server.of('PutObject').map(({ headers }) => headers['if-match'])).toEqual(['"e0"', 'e0', 'e0']);
    expect(server.of('HeadObject')).toHaveLength(1);
    server.on('HeadObject', { status: 200, headers: described(2, '"e7"') });
    server.on('PutObject', refusal);
    expect(await put(update)).toBe('stale-token');
  });
});

describe('what a write sends to S3', () => {
  it('carries its digest twice, its length, its type and its caching, and no chunked encoding', async () => {
    const meta = { contentType: 'application/json', cacheControl: 'no-cache' };
    await store.put(key, text, 'absent', meta);
    const { headers, path } = server.received[0]!;
    const sha256 = createHash('sha256').update(text).digest();
    expect(path).toBe(`/bucket/models/${key}`);
    expect(headers).toMatchObject({
      'x-amz-checksum-sha256': sha256.toString('base64'),
      'x-amz-content-sha256': sha256.toString('hex'),
      'content-length': '2',
      'content-type': 'application/json',
      'cache-control': 'no-cache',
      'if-none-match': '*',
    });
    for (const name of [
      'transfer-encoding',
      'content-encoding',
      'x-amz-trailer',
      'expect',
      'x-amz-server-side-encryption',
    ]) {
      expect(headers[name]).toBeUndefined();
    }
  });

  it.each([
    [{ encryption: 'sse-s3' }, ['AES256', undefined, undefined]],
    [{ encryption: 'sse-kms' }, ['aws:kms', undefined, 'true']],
    [{ kmsKey: 'alias/models' }, ['aws:kms', 'alias/models', 'true']],
  ] as const)('with %j asks for that encryption, in parts too', async (settings, wanted) => {
    const url = 's3://bucket';
    const limits = { partBytes: 1000 };
    const encrypted = await openS3Store({ url, endpoint: server.endpoint, ...settings }, limits);
    await encrypted.put('small', text, 'absent');
    await encrypted.put('large', Buffer.alloc(1500), 'absent');
    for (const action of ['PutObject', 'CreateMultipartUpload']) {
      const { headers } = server.of(action)[0]!;
      const names = ['', '-aws-kms-key-id', '-bucket-key-enabled'];
      expect(names.map((name) => headers[`x-amz-server-side-encryption${name}`])).toEqual(wanted);
    }
  });
});
