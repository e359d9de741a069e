import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAzureStore } from '../../src/stores/azure.ts';
import { openMemoryStore } from '../../src/stores/memory.ts';
import { readAll, type Store } from '../../src/stores/store.ts';
import { describeWith } from '../emulators/servers.ts';
import { account, azureEnvironment, azureError, describedBlob, scriptedAzure } from '../fakes/stores/azure-server.ts';
import { type AzuriteContainer, azuriteContainer, azuriteEnvironment } from '../fakes/stores/azurite.ts';
import { madeBytes } from '../fakes/stores/bodies.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { type Answer, hangUp, type ScriptedServer } from '../fakes/stores/script-server.ts';

const key = 'digits/versions/1.0.0/model.onnx';
const meta = { contentType: 'application/octet-stream', cacheControl: 'public, max-age=60' };
const bytes = madeBytes(95_003);

describeWith('azurite', 'a copy within Azure', () => {
  azuriteEnvironment();

  let containers: AzuriteContainer[];
  let from: Store;
  let to: Store;
  beforeEach(async () => {
    containers = [await azuriteContainer(), await azuriteContainer()];
    from = await openAzureStore(containers[0]!.settings);
    to = await openAzureStore(containers[1]!.settings, { copyBytes: 10_000 });
  });
  afterEach(() => Promise.all(containers.map((container) => container.remove())));

  const copy = async () => {
    const info = (await from.head(key))!;
    return to.copyFrom?.(from, key, { key: 'copied/model.onnx', info, meta });
  };

  it('has the bytes, metadata of its own, and the MD5 of the source', async () => {
    await from.put(key, bytes, 'absent', { contentType: 'text/plain' });
    const token = await copy();
    const object = await to.get('copied/model.onnx');
    expect(object.info).toMatchObject({ token, size: bytes.byteLength, meta });
    expect(Buffer.from(await readAll(object)).equals(bytes)).toBe(true);
    const [source, copied] = await Promise.all([
      containers[0]!.client.getBlobClient(`models/${key}`).getProperties(),
      containers[1]!.client.getBlobClient('models/copied/model.onnx').getProperties(),
    ]);
    expect(copied.contentMD5).toEqual(source.contentMD5);
    expect(copied.contentMD5).toHaveLength(16);
  });

  it('is made into a free name alone', async () => {
    await from.put(key, bytes, 'absent');
    await to.put('copied/model.onnx', Buffer.from('there'), 'absent');
    expect(await errorCode(copy())).toBe('already-exists');
  });

  it('is of the state that was asked for, or not made', async () => {
    const old = await from.put(key, bytes, 'absent');
    const info = (await from.head(key))!;
    await from.put(key, madeBytes(bytes.byteLength, 9), { unchanged: old });
    const stale = Promise.resolve(to.copyFrom?.(from, key, { key: 'copied/model.onnx', info, meta }));
    expect(await errorCode(stale)).toBe('stale-token');
    expect(await to.head('copied/model.onnx')).toBeUndefined();
  });

  it('is left to the caller for an object without bytes', async () => {
    await from.put(key, new Uint8Array(0), 'absent');
    expect(await copy()).toBeUndefined();
  });
});

describeWith('azurite', 'links to objects of Azure', () => {
  azuriteEnvironment();

  it('read the object for a while, and nothing else', async () => {
    const container = await azuriteContainer();
    const store = await openAzureStore(container.settings);
    await store.put(key, bytes, 'absent');
    await store.put('other', Buffer.from('other'), 'absent');
    const link = (await store.signedUrl(key, 2)).url;
    const answer = await fetch(link);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await fetch(link.replace('model.onnx', 'other'))).status).toBe(403);
    expect((await fetch(link, { method: 'PUT', body: 'x', headers: { 'x-ms-blob-type': 'BlockBlob' } })).status).toBe(
      403,
    );
    await wait(3000);
    expect((await fetch(link)).status).toBe(403);
    await container.remove();
  });
});

describe('a copy within Azure, answered', () => {
  azureEnvironment();

  const info = { key, size: 5, token: 'azure:"0x7"', modified: new Date(0), meta: {} };
  let server: ScriptedServer;
  let from: Store;
  let to: Store;
  const source: Answer = (request, response) => {
    const there = request.path.includes('/staging/');
    response.writeHead(there ? 200 : 404, there ? describedBlob(5) : {}).end();
  };
  beforeEach(async () => {
    server = await scriptedAzure();
    server.on('head', source);
    const { endpoint } = server;
    from = await openAzureStore({ url: `azure://${account}/staging`, endpoint });
    to = await openAzureStore({ url: `azure://${account}/production`, endpoint }, { attempts: 3, copyMs: 300 });
  });
  afterEach(() => server.close());

  const copy = () => Promise.resolve(to.copyFrom?.(from, key, { key, info, meta }));
  const refusal = azureError(409, 'BlobAlreadyExists');

  it.each([
    ['may not be read by the service', azureError(403, 'CannotVerifyCopySource')],
    ['is not there for it', azureError(404, 'CannotVerifyCopySource')],
    ['is asked of a server that does not copy', azureError(501, 'NotImplemented')],
  ])('is left to the caller when the source %s', async (_how, answer) => {
    server.on('stageFrom', answer);
    expect(await copy()).toBeUndefined();
    expect(server.of('commit')).toEqual([]);
  });

  it.each([
    ['refused: somebody was there first', [refusal], 'already-exists'],
    ['lost, then refused: perhaps by ourselves', [hangUp, refusal], 'store-unavailable'],
    ['denied', [azureError(403, 'AuthorizationPermissionMismatch')], 'denied'],
  ] as [string, Answer[], string][])('is put together: %s', async (_name, answers, expected) => {
    server.on('commit', ...answers);
    expect(await errorCode(copy())).toBe(expected);
  });

  it('is not put together when the source changed while it was read', async () => {
    const changed: Answer = { status: 200, headers: describedBlob(5, '"0x9"') };
    server.on('head', azureError(404, 'BlobNotFound'), changed);
    expect(await errorCode(copy())).toBe('stale-token');
    expect(server.of('commit')).toEqual([]);
  });

  it('is left to the caller between kinds of store', async () => {
    expect(await to.copyFrom?.(openMemoryStore(), key, { key, info, meta })).toBeUndefined();
    expect(server.received).toEqual([]);
  });
});
