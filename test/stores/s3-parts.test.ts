import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openS3Store } from '../../src/stores/s3.ts';
import type { Store } from '../../src/stores/store.ts';
import { failingAfter, inChunks, madeBytes, OpenSource } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { awsEnvironment } from '../fakes/stores/s3-environment.ts';
import { described, ScriptedS3, s3Error } from '../fakes/stores/s3-server.ts';
import { type Answer, hangUp, type Received, silent, stallMsFor } from '../fakes/stores/script-server.ts';

awsEnvironment();

const limits = { partBytes: 10_000, attempts: 3 };

let server: ScriptedS3;
let store: Store;
const opened = (...answers: Answer[]): Promise<Store> =>
  openS3Store({ url: 's3://bucket/models', endpoint: server.endpoint }, { ...limits, stallMs: stallMsFor(...answers) });
beforeEach(async () => {
  server = await new ScriptedS3().start();
  store = await opened();
});
afterEach(() => server.close());

const key = 'digits/versions/1.0.0/model.onnx';
const bytes = madeBytes(35_003);
const chunks = () => inChunks(Buffer.from(bytes), [4096]);
const create = () => errorCode(store.put(key, chunks(), 'absent'));
const sha256 = (part: Uint8Array) => createHash('sha256').update(part).digest('base64');
const numberOf = ({ query }: Received) => Number(query.get('partNumber'));

/** Parts by number: the last of those sent under each. */
const sentParts = () => new Map(server.of('UploadPart').map((part) => [numberOf(part), part]));

describe('a large object on S3', () => {
  it('goes in parts with their digests, is put together under the condition, and takes its type along', async () => {
    const meta = { contentType: 'application/octet-stream', cacheControl: 'max-age=60' };
    expect(await store.put(key, chunks(), 'absent', meta)).toBe('s3:"e1-2"');
    const [look, begin, ...rest] = server.received;
    expect([look?.action, begin?.action, rest.at(-1)?.action]).toEqual([
      'HeadObject',
      'CreateMultipartUpload',
      'CompleteMultipartUpload',
    ]);
    expect(begin?.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'cache-control': 'max-age=60',
      'x-amz-checksum-algorithm': 'SHA256',
    });
    const parts = [1, 2, 3, 4].map((number) => sentParts().get(number)!);
    expect(Buffer.concat(parts.map((part) => part.body)).equals(bytes)).toBe(true);
    for (const { headers, body } of parts) {
      expect(headers).toMatchObject({ 'x-amz-checksum-sha256': sha256(body), 'content-length': `${body.byteLength}` });
      expect(headers['transfer-encoding']).toBeUndefined();
    }
    const { headers, body } = rest.at(-1)!;
    expect(headers['if-none-match']).toBe('*');
    const listed = [...body.toString().matchAll(/<ChecksumSHA256>(.*?)<.*?<PartNumber>(\d+)</g)];
    expect(listed.map(([, digest, number]) => [Number(number), digest])).toEqual(
      parts.map((part, index) => [index + 1, sha256(part.body)]),
    );
  });

  it('is sent in one request when it fits into a part, whatever it comes from', async () => {
    for (const body of [bytes.subarray(0, 10_000), inChunks(Buffer.from(bytes.subarray(0, 10_000)), [999])]) {
      server.received.length = 0;
      await store.put(key, body, 'absent');
      expect(server.actions()).toEqual(['PutObject']);
    }
  });

  it('has a few parts on their way at a time, and no more of its source in memory', async () => {
    let busy = 0;
    let busiest = 0;
    let read = 0;
    let furthest = 0;
    const four = Promise.withResolvers<void>();
    server.on('UploadPart', async (_request, response) => {
      busiest = Math.max(busiest, ++busy);
      // None is answered before as many as may be are on their way.
      if (busy === 4) four.resolve();
      await four.promise;
      await wait(20);
      busy--;
      response.writeHead(200, { etag: '"p"' }).end();
    });
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let n = 0; n < 200; n++) {
        read += 1000;
        furthest = Math.max(furthest, read - 10_000 * (server.of('UploadPart').length - busy));
        yield new Uint8Array(1000);
      }
    }
    await store.put(key, source(), 'absent');
    expect(server.of('UploadPart')).toHaveLength(20);
    expect(busiest).toBe(4);
    // Four parts on their way, one being cut, one waiting for room.
    expect(furthest).toBeLessThanOrEqual(60_000);
  });

  it('has larger parts the more there are, so that 10,000 are enough', async () => {
    const tiny = await openS3Store({ url: 's3://bucket', endpoint: server.endpoint }, { ...limits, partBytes: 10 });
    await tiny.put(key, new Uint8Array(10 * 1000 + 20 * 3 + 1), 'absent');
    const sizes = [...sentParts().entries()].sort(([a], [b]) => a - b).map(([, part]) => part.body.byteLength);
    expect(sizes.slice(998)).toEqual([10, 10, 20, 20, 20, 1]);
  });

  it.each(['absent', { unchanged: 's3:"e0"' }] as const)('is not begun when %j does not hold', async (when) => {
    server.on('HeadObject', { status: 200, headers: described(3, '"e7"') });
    const source = new OpenSource();
    const small = await openS3Store({ url: 's3://bucket', endpoint: server.endpoint }, { ...limits, partBytes: 10 });
    expect(await errorCode(small.put(key, source, when))).toBe(when === 'absent' ? 'already-exists' : 'stale-token');
    expect(server.actions()).toEqual(['HeadObject']);
    expect(source.isOpen).toBe(false);
  });

  it('has a part sent again whose answer was lost or that was damaged', async () => {
    server.on('UploadPart', hangUp, s3Error(500, 'InternalError'), { status: 200, headers: { etag: '"p"' } });
    expect(await create()).toBe('did not throw');
    expect(server.of('UploadPart')).toHaveLength(6);
    expect([...sentParts().keys()].sort()).toEqual([1, 2, 3, 4]);
  });

  it('leaves no parts behind when one cannot be sent, and returns its source', async () => {
    server.on('UploadPart', s3Error(403, 'AccessDenied'));
    const small = await openS3Store({ url: 's3://bucket', endpoint: server.endpoint }, { ...limits, partBytes: 10 });
    const source = new OpenSource();
    expect(await errorCode(small.put(key, source, 'absent'))).toBe('denied');
    expect(source.isOpen).toBe(false);
    expect(server.received.at(-1)).toMatchObject({ action: 'AbortMultipartUpload', path: `/bucket/${key}` });
    expect(server.of('CompleteMultipartUpload')).toEqual([]);
  });

  it('leaves no parts behind when its source fails, and passes the failure on', async () => {
    const broken = new Error('the source broke');
    await expect(store.put(key, failingAfter(Buffer.from(bytes), broken), 'absent')).rejects.toBe(broken);
    expect(server.actions().at(-1)).toBe('AbortMultipartUpload');
    expect(server.of('CompleteMultipartUpload')).toEqual([]);
  });

  it('tells its own failure when the parts cannot be removed either', async () => {
    server.on('UploadPart', s3Error(403, 'AccessDenied'));
    server.on('AbortMultipartUpload', s3Error(403, 'AccessDenied', 'another'));
    expect(await create()).toBe('denied');
  });
});

const refusal = s3Error(412, 'PreconditionFailed');
const lateRefusal: Answer = { ...(refusal as object), status: 200 };
const done: Answer = {
  status: 200,
  body: '<CompleteMultipartUploadResult><ETag>"e1-2"</ETag></CompleteMultipartUploadResult>',
};

describe('putting a large object on S3 together, answered', () => {
  const outcomes: [name: string, answers: Answer[], expected: string, requests: number, aborted: boolean][] = [
    ['done', [done], 'did not throw', 1, false],
    ['refused', [refusal], 'already-exists', 1, true],
    ['refused after a 200', [lateRefusal], 'already-exists', 1, true],
    ['a conflict: the parts are lost (P4)', [s3Error(409, 'ConditionalRequestConflict')], 'store-unavailable', 1, true],
    ['lost, then done', [hangUp, done], 'did not throw', 2, false],
    ['lost, then refused', [hangUp, refusal], 'store-unavailable', 2, true],
    ['lost, then no such upload', [hangUp, s3Error(404, 'NoSuchUpload')], 'store-unavailable', 2, true],
    ['no such upload', [s3Error(404, 'NoSuchUpload')], 'store-unavailable', 1, true],
    [
      '500 after a 200',
      [{ ...(s3Error(500, 'InternalError') as object), status: 200 }, done],
      'did not throw',
      2,
      false,
    ],
    ['silence, then done', [silent, done], 'did not throw', 2, false],
    ['denied', [s3Error(403, 'AccessDenied')], 'denied', 1, true],
  ];
  it.each(outcomes)('%s', async (_name, answers, expected, requests, aborted) => {
    store = await opened(...answers);
    server.on('CompleteMultipartUpload', ...answers);
    expect(await create()).toBe(expected);
    expect(server.of('CompleteMultipartUpload')).toHaveLength(requests);
    expect(server.of('AbortMultipartUpload')).toHaveLength(aborted ? 1 : 0);
    expect(server.of('CreateMultipartUpload')).toHaveLength(1);
  });

  it('says after a conflict what to do', async () => {
    server.on('CompleteMultipartUpload', s3Error(409, 'ConditionalRequestConflict'));
    await expect(store.put(key, chunks(), 'absent')).rejects.toMatchObject({ hint: expect.stringContaining('again') });
  });

  it('without an ETag asks for it, and takes it of an object of the same size alone', async () => {
    const empty = '<CompleteMultipartUploadResult><ETag></ETag></CompleteMultipartUploadResult>';
    server.on('CompleteMultipartUpload', { status: 200, body: empty });
    server.on('HeadObject', { status: 404 }, { status: 200, headers: described(bytes.byteLength, '"asked"') });
    expect(await store.put(key, chunks(), 'absent')).toBe('s3:"asked"');
    server.on('HeadObject', { status: 404 }, { status: 200, headers: described(1, '"other"') });
    expect(await create()).toBe('store-unavailable');
  });
});
