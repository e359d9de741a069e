import type { Readable } from 'node:stream';
import type { BlobDownloadResponseParsed } from '@azure/storage-blob';
import { type ObjectReads, openedObject, totalOf } from '../read-object.ts';
import { NotFoundError, type StoredObject, type Token } from '../store.ts';
import { type AzureContext, blobOf } from './context.ts';
import { failureOf } from './failure.ts';
import { infoOf, isFolder } from './info.ts';
import { repeat } from './request.ts';
import { etagOf } from './token.ts';

/** The object, or `unchanged` where it has the token still. Throws NotFoundError. */
export async function getObject(
  context: AzureContext,
  key: string,
  ifChanged: Token | undefined,
): Promise<StoredObject | 'unchanged'> {
  const answer = await openFirst(context, key, ifChanged);
  if (answer === 'unchanged') return answer;
  const describe = () => {
    if (isFolder(answer.metadata)) throw new NotFoundError(context.place.url, key);
    const { etag, lastModified, contentType, cacheControl } = answer;
    const contentLength = totalOf(answer.contentRange) ?? answer.contentLength;
    return infoOf(context, { verb: 'read', key }, { etag, contentLength, lastModified, contentType, cacheControl });
  };
  return openedObject(readsOf(context, key), answer.readableStreamBody as Readable, describe, ifChanged);
}

/** An answer with the first range, or with the whole blob where it has no bytes to take a range of. */
async function openFirst(
  context: AzureContext,
  key: string,
  ifChanged: Token | undefined,
): Promise<BlobDownloadResponseParsed | 'unchanged'> {
  const etag = ifChanged === undefined ? undefined : etagOf(ifChanged);
  const conditions = etag === undefined ? {} : { ifNoneMatch: etag };
  const ask = (bytes: number | undefined) =>
    repeat(context, { verb: 'read', key }, async ({ abortSignal }) => {
      try {
        return await blobOf(context, key).download(0, bytes, { abortSignal, conditions, maxRetryRequests: 0 });
      } catch (thrown) {
        const { status } = failureOf(thrown);
        if (status === 304) return 'unchanged';
        if (status === 416 && bytes !== undefined) return 'without bytes';
        throw thrown;
      }
    });
  const answer = await ask(context.limits.rangeBytes);
  return answer === 'without bytes' ? ((await ask(undefined)) as BlobDownloadResponseParsed | 'unchanged') : answer;
}

function readsOf(context: AzureContext, key: string): ObjectReads {
  const { place, ahead, limits } = context;
  const { rangeBytes, stallMs } = limits;
  return {
    ...{ store: place.url, key, rangeBytes, stallMs, ahead },
    async openRange(token, { from, to, stop }) {
      const conditions = { ifMatch: etagOf(token) ?? '' };
      const answer = await repeat(
        context,
        { verb: 'read', key },
        ({ abortSignal }) =>
          blobOf(context, key).download(from, to - from, { abortSignal, conditions, maxRetryRequests: 0 }),
        { stop },
      );
      return { stream: answer.readableStreamBody as Readable, contentRange: answer.contentRange };
    },
    causeOf: failureOf,
  };
}
