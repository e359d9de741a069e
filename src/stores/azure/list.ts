import { compareKeys, isKey } from '../key.ts';
import type { ObjectInfo } from '../store.ts';
import type { AzureContext } from './context.ts';
import { infoOf, isFolder } from './info.ts';
import { repeat } from './request.ts';

/**
 * Objects in key order. They are gathered first: accounts with folders list folder by folder, which is another order.
 * Folders are left out, and what others put there under names that no key can have.
 */
export async function* listObjects(context: AzureContext, prefix: string): AsyncGenerator<ObjectInfo> {
  const found: ObjectInfo[] = [];
  for await (const info of pages(context, prefix)) found.push(info);
  yield* found.sort((a, b) => compareKeys(a.key, b.key));
}

async function* pages(context: AzureContext, prefix: string): AsyncGenerator<ObjectInfo> {
  const { place, container, limits } = context;
  let continuationToken: string | undefined;
  do {
    const settings = { maxPageSize: limits.pageBlobs, ...(continuationToken ? { continuationToken } : {}) };
    const page = await repeat(context, { verb: 'list' }, async ({ abortSignal }) => {
      const options = { prefix: place.nameOf(prefix), includeMetadata: true, abortSignal };
      return (await container.listBlobsFlat(options).byPage(settings).next()).value;
    });
    for (const { name, properties, metadata } of page?.segment.blobItems ?? []) {
      const key = name.slice(place.root.length);
      if (isKey(key) && !isFolder(metadata)) yield infoOf(context, { verb: 'list', key }, properties);
    }
    continuationToken = page?.continuationToken;
  } while (continuationToken);
}
