import { describe, expect, it } from 'vitest';
import { openAzureStore } from '../../src/stores/azure.ts';
import { account, azureEnvironment, azureError, describedBlob, scriptedAzure } from '../fakes/stores/azure-server.ts';
import { errorCode } from '../fakes/stores/error-code.ts';
import { key, RangedReads, readsALargeObject, readsAnObject } from './ranged-reads.ts';

azureEnvironment();

const reads = new RangedReads({
  start: scriptedAzure,
  open: (endpoint, limits) => openAzureStore({ url: `azure://${account}/container`, endpoint }, limits),
  action: 'get',
  rangeOf: ({ headers }) => headers['x-ms-range'] as string | undefined,
  described: (_size, sent) => describedBlob(sent),
  token: 'azure:"0x7"',
  demanded: ({ headers }) => headers['if-match'],
  unwanted: ({ headers }) => headers['if-none-match'],
  unchanged: { status: 304, headers: { etag: '"0x7"' } },
  noRange: azureError(416, 'InvalidRange'),
  changed: [
    ['replaced', azureError(412, 'ConditionNotMet')],
    ['removed', azureError(404, 'BlobNotFound')],
  ],
  failures: [
    ['500', azureError(500, 'InternalError')],
    ['503', azureError(503, 'ServerBusy')],
  ],
});

describe('reading an object of Azure', () => {
  readsAnObject(reads);

  it('tells a missing container from a missing blob', async () => {
    const store = await reads.open();
    for (const [code, expected] of [
      ['BlobNotFound', 'not-found'],
      ['ContainerNotFound', 'no-bucket'],
    ] as const) {
      reads.on(azureError(404, code));
      expect(await errorCode(store.get(key))).toBe(expected);
    }
    reads.server.on('head', azureError(404, 'BlobNotFound'));
    expect(await store.head(key)).toBeUndefined();
    reads.server.on('head', azureError(404, 'ContainerNotFound'));
    expect(await errorCode(store.head(key))).toBe('no-bucket');
  });

  it('refuses an answer that does not say which state it is of', async () => {
    reads.server.on('head', { status: 200, headers: { 'content-length': '1' } });
    expect(await errorCode((await reads.open()).head(key))).toBe('store-unavailable');
  });
});

describe('reading a large object of Azure', () => readsALargeObject(reads));
