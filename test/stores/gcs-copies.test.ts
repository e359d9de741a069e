import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openGcsStore } from '../../src/stores/gcs.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/stores/store.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { gcsError, googleEnvironment, json, scriptedGcs, updated } from '../fakes/stores/gcs-server.ts';
import { type Answer, hangUp, type ScriptedServer } from '../fakes/stores/script-server.ts';

googleEnvironment();

const key = 'digits/versions/1.0.0/model.onnx';
const info = { key, size: 5, token: 'gs:7', modified: new Date(updated), meta: {} };
const meta = { contentType: 'application/octet-stream', cacheControl: 'public' };
const limits = { attempts: 3, rateMs: 30 };

let server: ScriptedServer;
let from: Store;
let to: Store;
beforeEach(async () => {
  server = await scriptedGcs();
  const kmsKey = 'projects/p/locations/eu/keyRings/r/cryptoKeys/k';
  from = openGcsStore({ url: 'gs://staging/models', endpoint: server.endpoint }, limits);
  to = openGcsStore({ url: 'gs://production', endpoint: server.endpoint, kmsKey }, limits);
});
afterEach(() => server.close());

const copy = () => to.copyFrom?.(from, key, { key, info, meta });
const done = json({ done: true, resource: { generation: '8', size: '5' } });
const refusal = gcsError(412, 'conditionNotMet');

describe('a copy within Google Cloud Storage', () => {
  it('is of one generation, into a free name, in as many requests as it takes', async () => {
    server.on('rewrite', json({ done: false, rewriteToken: 't1' }), json({ done: false, rewriteToken: 't2' }), done);
    expect(await copy()).toBe('gs:8');
    const sent = server.of('rewrite');
    expect(sent.map(({ query }) => query.get('rewriteToken'))).toEqual([null, 't1', 't2']);
    for (const { path, query, body } of sent) {
      expect(path).toBe(`/storage/v1/b/staging/o/models/${key}/rewriteTo/b/production/o/${key}`);
      expect(Object.fromEntries(query)).toMatchObject({
        sourceGeneration: '7',
        ifGenerationMatch: '0',
        destinationKmsKeyName: 'projects/p/locations/eu/keyRings/r/cryptoKeys/k',
      });
      expect(JSON.parse(body.toString())).toEqual(meta);
    }
  });

  const outcomes: [name: string, answers: Answer[], expected: string][] = [
    ['refused: somebody was there first', [refusal], 'already-exists'],
    ['lost, then refused: perhaps by ourselves', [hangUp, refusal], 'store-unavailable'],
    ['lost, then done', [hangUp, done], 'did not throw'],
    ['the generation is gone', [gcsError(404, 'notFound', 'No such object: staging/models')], 'stale-token'],
    ['no such bucket', [gcsError(404, 'notFound', 'The specified bucket does not exist.')], 'no-bucket'],
    ['denied', [gcsError(403, 'forbidden')], 'denied'],
    ['neither finished nor to be continued', [json({ done: false })], 'store-unavailable'],
    ['of another size', [json({ done: true, resource: { generation: '8', size: '4' } })], 'store-unavailable'],
  ];
  it.each(outcomes)('%s', async (_name, answers, expected) => {
    server.on('rewrite', ...answers);
    expect(await errorCode(Promise.resolve(copy()))).toBe(expected);
  });

  it('is not begun where there is an object', async () => {
    server.on('describe', json({ generation: '3', size: '5', updated }));
    expect(await errorCode(Promise.resolve(copy()))).toBe('already-exists');
    expect(server.of('rewrite')).toEqual([]);
  });

  it('is left to the caller between servers and between kinds of store', async () => {
    const elsewhere = openGcsStore({ url: 'gs://staging', endpoint: 'http://127.0.0.1:9' }, limits);
    expect(await to.copyFrom?.(elsewhere, key, { key, info, meta })).toBeUndefined();
    expect(await to.copyFrom?.(openMemoryStore(), key, { key, info, meta })).toBeUndefined();
    expect(server.received).toEqual([]);
  });
});

describe('settings of Google Cloud Storage', () => {
  const opened = (settings: object) => {
    const open = async () => openGcsStore({ url: 'gs://bucket', ...settings });
    return errorCode(open());
  };
  it.each([
    [{ url: 'gs://' }],
    [{ url: 'gs://Bucket' }],
    [{ url: 'gs://bucket/../other' }],
    [{ url: 'gs://bucket//prefix' }],
    [{ region: 'eu' }],
    [{ encryption: 'sse-s3' }],
    [{ encryptionScope: 'scope' }],
    [{ kmsKey: 'key' }],
    [{ endpoint: 'http://storage.example.com' }],
  ])('that it cannot honour are refused: %j', async (settings) => {
    expect(await opened(settings)).toBe('bad-input');
  });
});
