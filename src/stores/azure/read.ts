import type { Readable } from 'node:stream';
import type { BlobDownloadResponseParsed } from '@azure/storage-blob';
import { RangedBody } from '../ranged-body.ts';
import {
  NotFoundError,
  type ObjectInfo,
  PreconditionError,
  type StoredObject,
  type Token,
  UnavailableError,
  UnsupportedError,
} from '../store.ts';
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
  const first = answer.readableStreamBody as Readable;
  try {
    if (isFolder(answer.metadata)) throw new NotFoundError(context.place.url, key);
    const total = /\/(\d+)$/.exec(answer.contentRange ?? '')?.[1];
    const contentLength = total === undefined ? answer.contentLength : Number(total);
    const { etag, lastModified, contentType, cacheControl } = answer;
    const described = { etag, contentLength, lastModified, contentType, cacheControl };
    const info = infoOf(context, { verb: 'read', key }, described);
    // A server may ignore the condition and send it all.
    if (info.token !== ifChanged) return { info, body: bodyOf(context, info, first) };
    first.destroy();
    return 'unchanged';
  } catch (thrown) {
    first.destroy();
    throw thrown;
  }
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

function bodyOf(context: AzureContext, { key, size, token }: ObjectInfo, first: Readable): RangedBody {
  const { url } = context.place;
  const { rangeBytes, stallMs } = context.limits;
  const cutShort = (at: number, cause: unknown) => {
    const message = `${key} in ${url} stopped coming after ${at} of ${size} bytes, and asking again brought none.`;
    return new UnavailableError(message, { store: url, key, ...(cause ? { cause: failureOf(cause) } : {}) });
  };
  const open = (from: number, to: number, stop: AbortSignal) => openRange(context, key, token, { from, to, stop });
  return new RangedBody({ size, rangeBytes, stallMs, ahead: context.ahead, open, cutShort }, first);
}

async function openRange(
  context: AzureContext,
  key: string,
  token: Token,
  { from, to, stop }: { from: number; to: number; stop: AbortSignal },
): Promise<Readable> {
  const conditions = { ifMatch: etagOf(token) ?? '' };
  try {
    const answer = await repeat(
      context,
      { verb: 'read', key },
      ({ abortSignal }) =>
        blobOf(context, key).download(from, to - from, { abortSignal, conditions, maxRetryRequests: 0 }),
      { stop },
    );
    const stream = answer.readableStreamBody as Readable;
    if (answer.contentRange?.startsWith(`bytes ${from}-${to - 1}/`)) return stream;
    stream.destroy();
  } catch (thrown) {
    // Removed since it was opened: to the reader that is one kind of change.
    if (thrown instanceof NotFoundError) throw new PreconditionError(context.place.url, key, { cause: thrown });
    throw thrown;
  }
  throw new UnsupportedError('reading a range of an object', { store: context.place.url, key });
}
