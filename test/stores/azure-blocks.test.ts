import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAzureStore } from '../../src/stores/azure.ts';
import type { Store } from '../../src/stores/store.ts';
import {
  account,
  azureEnvironment,
  azureError,
  describedBlob,
  scriptedAzure,
  wrote,
} from '../fakes/stores/azure-server.ts';
import { failingAfter, inChunks, madeBytes, OpenSource } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { type Answer, hangUp, type ScriptedServer, silent, stallMsFor } from '../fakes/stores/script-server.ts';

azureEnvironment();

const url = `azure://${account}/container`;
const limits = { blockBytes: 1000, attempts: 3 };
const key = 'digits/versions/1.0.0/model.onnx';
const bytes = madeBytes(3500);

let server: ScriptedServer;
let store: Store;
const opened = (...answers: Answer[]): Promise<Store> =>
  openAzureStore(
    { url, endpoint: server.endpoint, encryptionScope: 'models-scope' },
    { ...limits, stallMs: stallMsFor(...answers) },
  );
beforeEach(async () => {
  server = await scriptedAzure();
  store = await opened();
});
afterEach(() => server.close());

const create = () => errorCode(store.put(key, inChunks(bytes, [700, 5, 64]), 'absent'));
const small = () => openAzureStore({ url, endpoint: server.endpoint }, { ...limits, blockBytes: 10 });
/** Names that a commit lists, in order. */
const committed = (at = -1) =>
  [
    ...(server
      .of('commit')
      .at(at)
      ?.body.toString()
      .matchAll(/<Latest>([^<]+)<\/Latest>/g) ?? []),
  ].map(([, name]) => name);
const there = (etag: string): Answer => ({ status: 200, headers: describedBlob(3, etag) });
const md5 = (part: Uint8Array) => createHash('md5').update(part).digest('base64');

describe('a large object on its way to Azure', () => {
  it('goes in blocks with checksums, which a conditional commit puts together', async () => {
    const meta = { contentType: 'a/b', cacheControl: 'public' };
    expect(await store.put(key, inChunks(bytes, [999]), 'absent', meta)).toBe('azure:"0x8"');
    const blocks = new Map(server.of('stage').map((request) => [request.query.get('blockid'), request]));
    expect(Buffer.concat(committed().map((name) => blocks.get(name ?? '')!.body)).equals(bytes)).toBe(true);
    for (const { headers, body } of blocks.values()) {
      expect(headers['content-md5']).toBe(md5(body));
      expect(headers['x-ms-encryption-scope']).toBe('models-scope');
    }
    expect(server.of('commit')[0]?.headers).toMatchObject({
      'if-none-match': '*',
      'x-ms-blob-content-type': 'a/b',
      'x-ms-blob-cache-control': 'public',
      'x-ms-blob-content-md5': md5(bytes),
      'x-ms-encryption-scope': 'models-scope',
    });
  });

  it('names its blocks as no other upload does, all in the length that the SDKs use', async () => {
    await create();
    await create();
    const names = server.of('stage').map(({ query }) => Buffer.from(query.get('blockid') ?? '', 'base64'));
    expect(names).toHaveLength(8);
    expect(new Set(names.map(String)).size).toBe(8);
    expect(new Set(names.map(({ byteLength }) => byteLength))).toEqual(new Set([48]));
  });

  it('goes in a few blocks at a time, however slow they are, and reads no further ahead', async () => {
    let produced = 0;
    let busy = 0;
    let busiest = 0;
    let furthest = 0;
    let stored = 0;
    async function* source(): AsyncGenerator<Uint8Array> {
      for (; produced < 30; produced++) yield madeBytes(1000);
    }
    const three = Promise.withResolvers<void>();
    server.on('stage', async (_request, response) => {
      busiest = Math.max(busiest, ++busy);
      // None is answered before as many as may be are on their way.
      if (busy === 3) three.resolve();
      await three.promise;
      furthest = Math.max(furthest, produced - stored);
      await wait(10);
      busy--;
      stored++;
      response.writeHead(201).end();
    });
    const store = await openAzureStore({ url, endpoint: server.endpoint }, { ...limits, parallel: 3 });
    await store.put(key, source(), 'absent');
    expect(busiest).toBe(3);
    expect(furthest).toBeLessThanOrEqual(5);
    expect(committed()).toHaveLength(30);
  });

  it('takes larger blocks after many, so that no size needs more than 50,000', async () => {
    const one = await openAzureStore({ url, endpoint: server.endpoint }, { ...limits, blockBytes: 1 });
    await one.put(key, madeBytes(4000 + 3), 'absent');
    const sizes = server.of('stage').map(({ body }) => body.byteLength);
    expect(sizes.filter((size) => size === 1)).toHaveLength(4001);
    expect(sizes.filter((size) => size === 2)).toHaveLength(1);
  });

  it.each(['absent', { unchanged: 'azure:"0x0"' }] as const)('is not begun when %j does not hold', async (when) => {
    server.on('head', there('"0x7"'));
    const source = new OpenSource();
    expect(await errorCode((await small()).put(key, source, when))).toBe(
      when === 'absent' ? 'already-exists' : 'stale-token',
    );
    expect(server.actions()).toEqual(['head']);
    expect(source.isOpen).toBe(false);
  });

  it.each([
    ['was lost', hangUp],
    ['was met by silence', silent],
    ['was damaged', azureError(400, 'Md5Mismatch')],
    ['was met by 503', azureError(503, 'ServerBusy')],
  ] as [string, Answer][])('has a block sent again that %s, under its name', async (_how, failure) => {
    store = await opened(failure);
    server.on('stage', failure, { status: 201 });
    expect(await create()).toBe('did not throw');
    expect(server.of('stage')).toHaveLength(5);
    expect(new Set(server.of('stage').map(({ query }) => query.get('blockid'))).size).toBe(4);
  });

  it('commits nothing when a block cannot be sent, and returns its source', async () => {
    server.on('stage', azureError(403, 'AuthorizationPermissionMismatch'));
    const source = new OpenSource();
    expect(await errorCode((await small()).put(key, source, 'absent'))).toBe('denied');
    expect(source.isOpen).toBe(false);
    expect(server.of('commit')).toEqual([]);
  });

  it('commits nothing when its source fails, and passes the failure on', async () => {
    const broken = new Error('the source broke');
    await expect(store.put(key, failingAfter(Buffer.from(bytes), broken), 'absent')).rejects.toBe(broken);
    expect(server.of('commit')).toEqual([]);
  });
});

const refusal = azureError(412, 'ConditionNotMet');
const lostBlocks = azureError(400, 'InvalidBlockList');
const gone = azureError(404, 'BlobNotFound');

describe('putting a large object on Azure together, answered', () => {
  const outcomes: [name: string, answers: Answer[], heads: Answer[], expected: string, requests: number][] = [
    ['done', [wrote()], [gone], 'did not throw', 1],
    ['refused', [azureError(409, 'BlobAlreadyExists')], [gone], 'already-exists', 1],
    ['refused with 412', [refusal], [gone], 'already-exists', 1],
    ['lost, then done', [hangUp, wrote()], [gone], 'did not throw', 2],
    ['lost, then refused', [hangUp, refusal], [gone], 'store-unavailable', 2],
    ['silence, then done', [silent, wrote()], [gone], 'did not throw', 2],
    ['500, then done', [azureError(500, 'InternalError'), wrote()], [gone], 'did not throw', 2],
    // Whoever commits first drops the blocks of the others.
    ['the blocks are gone, and the blob is another’s', [lostBlocks], [gone, there('"0x9"')], 'already-exists', 1],
    ['the blocks are gone, and so is the blob', [lostBlocks], [gone], 'store-unavailable', 1],
    [
      'lost, then the blocks are gone: perhaps committed',
      [hangUp, lostBlocks],
      [gone, there('"0x9"')],
      'store-unavailable',
      2,
    ],
    ['denied', [azureError(403, 'AuthorizationPermissionMismatch')], [gone], 'denied', 1],
  ];
  it.each(outcomes)('%s', async (_name, answers, heads, codes, requests) => {
    store = await opened(...answers);
    server.on('commit', ...answers);
    server.on('head', ...heads);
    expect(await create()).toBe(codes);
    expect(server.of('commit')).toHaveLength(requests);
    for (let at = 0; at < requests; at++) expect(committed(at)).toEqual(committed(0));
  });
});
