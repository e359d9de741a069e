import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { openS3Store } from '../../src/stores/s3.ts';
import type { ObjectInfo, Store } from '../../src/stores/store.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { awsEnvironment } from '../fakes/stores/s3-environment.ts';
import { described, ScriptedS3, s3Error } from '../fakes/stores/s3-server.ts';
import { type Answer, hangUp } from '../fakes/stores/script-server.ts';

awsEnvironment();

let server: ScriptedS3;
let from: Store;
let to: Store;
beforeEach(async () => {
  server = await new ScriptedS3().start();
  const settings = { endpoint: server.endpoint, region: 'eu-west-1', kmsKey: 'alias/models' };
  from = await openS3Store({ ...settings, url: 's3://staging/models' }, { attempts: 2 });
  to = await openS3Store({ ...settings, url: 's3://production' }, { attempts: 2 });
});
afterEach(() => server.close());

const gibibyte = 1024 ** 3;
const meta = { contentType: 'application/octet-stream', cacheControl: 'max-age=60' };
const infoOf = (size: number): ObjectInfo => ({ key: 'a b/+ü', size, token: 's3:"e0"', modified: new Date(), meta });
const copy = (size = 10) => to.copyFrom!(from, 'a b/+ü', { key: 'digits/model.onnx', info: infoOf(size), meta });
const ofSource = (code: string, status: number): Answer => s3Error(status, code);

describe('copying from bucket to bucket on S3', () => {
  it('names the source, its state and its ranges, and completes under the condition that the key is free', async () => {
    expect(await copy(gibibyte + 1)).toBe('s3:"e1-2"');
    const parts = server.of('UploadPartCopy').map(({ headers, query, path }) => ({
      part: query.get('partNumber'),
      range: headers['x-amz-copy-source-range'],
      source: headers['x-amz-copy-source'],
      state: headers['x-amz-copy-source-if-match'],
      path,
    }));
    const fixed = { source: 'staging/models/a%20b/%2B%C3%BC', state: '"e0"', path: '/production/digits/model.onnx' };
    const quarter = gibibyte / 4;
    expect(parts.toSorted((a, b) => Number(a.part) - Number(b.part))).toEqual(
      [0, 1, 2, 3, 4].map((n) => ({
        ...fixed,
        part: `${n + 1}`,
        range: `bytes=${n * quarter}-${n === 4 ? gibibyte : (n + 1) * quarter - 1}`,
      })),
    );
    expect(server.of('CompleteMultipartUpload')[0]?.headers['if-none-match']).toBe('*');
    expect(server.of('CreateMultipartUpload')[0]?.headers).toMatchObject({
      'content-type': meta.contentType,
      'cache-control': meta.cacheControl,
      'x-amz-server-side-encryption': 'aws:kms',
    });
    expect(server.actions()).not.toContain('GetObject');
  });

  it('cuts 5 TiB into no more than the 10,000 parts that there are', async () => {
    const size = 5 * 1024 * gibibyte;
    server.on('UploadPartCopy', s3Error(403, 'AccessDenied'));
    await copy(size);
    const [, last] = server.of('UploadPartCopy')[0]?.headers['x-amz-copy-source-range']?.toString().split('-') ?? [];
    const range = Number(last) + 1;
    expect(range).toBeLessThanOrEqual(5 * gibibyte);
    expect(Math.ceil(size / range)).toBeLessThanOrEqual(10_000);
  });

  it('is left to the caller where these two cannot, and nothing stays behind', async () => {
    expect(await to.copyFrom!(openMemoryStore(), 'a', { key: 'b', info: infoOf(1), meta })).toBeUndefined();
    const other = await openS3Store({ url: 's3://staging', endpoint: 'https://minio.example.com' });
    expect(await to.copyFrom!(other, 'a', { key: 'b', info: infoOf(1), meta })).toBeUndefined();
    expect(await copy(0)).toBeUndefined();
    expect(server.received).toEqual([]);
    for (const answer of [ofSource('AccessDenied', 403), ofSource('NotImplemented', 501)]) {
      server.on('UploadPartCopy', answer);
      expect(await copy()).toBeUndefined();
      expect(server.actions().at(-1)).toBe('AbortMultipartUpload');
    }
    expect(server.of('CompleteMultipartUpload')).toEqual([]);
  });

  it.each([
    ['was replaced', ofSource('PreconditionFailed', 412), 'stale-token'],
    ['was removed', ofSource('NoSuchKey', 404), 'not-found'],
  ])('fails when the source %s, and names it', async (_how, answer, code) => {
    server.on('UploadPartCopy', answer);
    await expect(copy()).rejects.toMatchObject({ code, store: 's3://staging/models', key: 'a b/+ü' });
    expect(server.actions().at(-1)).toBe('AbortMultipartUpload');
  });

  it('is refused when the key is taken, before and after the copying', async () => {
    server.on('HeadObject', { status: 200, headers: described(1) });
    expect(await errorCode(copy())).toBe('already-exists');
    expect(server.actions()).toEqual(['HeadObject']);
    server.on('HeadObject', { status: 404 });
    server.on('CompleteMultipartUpload', s3Error(412, 'PreconditionFailed'));
    await expect(copy()).rejects.toMatchObject({ code: 'already-exists', store: 's3://production' });
    server.on('CompleteMultipartUpload', hangUp, s3Error(404, 'NoSuchUpload'));
    expect(await errorCode(copy())).toBe('store-unavailable');
  });

  it('refuses tokens and names that are not of S3', async () => {
    const info = { ...infoOf(1), token: 'file:1' };
    expect(await errorCode(to.copyFrom!(from, 'a', { key: 'b', info, meta }))).toBe('stale-token');
    expect(await errorCode(to.copyFrom!(from, '../a', { key: 'b', info: infoOf(1), meta }))).toBe('bad-key');
    expect(server.received).toEqual([]);
  });
});
