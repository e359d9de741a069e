import type { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
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
import { causeOf, readFailure } from './answer.ts';
import { comparedEtag } from './condition.ts';
import type { S3Context } from './context.ts';
import { explain } from './fault.ts';
import { infoOf } from './info.ts';
import { explained } from './send.ts';
import { etagOf } from './token.ts';

/** The object, or `unchanged` where it has the token still. Throws NotFoundError. */
export async function getObject(
  context: S3Context,
  key: string,
  ifChanged: Token | undefined,
): Promise<StoredObject | 'unchanged'> {
  const answer = await openFirst(context, key, ifChanged);
  if (answer === 'unchanged') return answer;
  const first = answer.Body as Readable;
  try {
    const total = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
    const ContentLength = total === undefined ? answer.ContentLength : Number(total);
    const info = infoOf(context, { action: 'GetObject', key }, { ...answer, ContentLength });
    // A server may ignore the condition and send it all.
    if (info.token !== ifChanged) return { info, body: bodyOf(context, info, first) };
    first.destroy();
    return 'unchanged';
  } catch (thrown) {
    first.destroy();
    throw thrown;
  }
}

/** An answer with the first range, or with the whole object where it has no bytes to take a range of. */
async function openFirst(
  context: S3Context,
  key: string,
  ifChanged: Token | undefined,
): Promise<GetObjectCommandOutput | 'unchanged'> {
  const { place, retrying, limits } = context;
  const etag = ifChanged === undefined ? undefined : etagOf(ifChanged);
  const condition = etag === undefined ? {} : { IfNoneMatch: comparedEtag(context, etag) };
  const object = { Bucket: place.bucket, Key: place.nameOf(key), ...condition };
  const ask = async (range: { Range?: string }): Promise<GetObjectCommandOutput | 'unchanged' | 'without bytes'> => {
    try {
      return await retrying.send(new GetObjectCommand({ ...object, ...range }));
    } catch (thrown) {
      const { status } = readFailure(thrown);
      if (status === 304) return 'unchanged';
      if (status === 416 && range.Range) return 'without bytes';
      throw explain(thrown, context, { action: 'GetObject', key });
    }
  };
  const answer = await ask({ Range: `bytes=0-${limits.partBytes - 1}` });
  return answer === 'without bytes' ? ((await ask({})) as GetObjectCommandOutput | 'unchanged') : answer;
}

function bodyOf(context: S3Context, { key, size, token }: ObjectInfo, first: Readable): RangedBody {
  const { url } = context.place;
  const { partBytes, stallMs } = context.limits;
  const cutShort = (at: number, failure: unknown) => {
    const message = `${key} in ${url} stopped coming after ${at} of ${size} bytes, and asking again brought none.`;
    return new UnavailableError(message, {
      store: url,
      key,
      ...(failure ? { cause: causeOf(readFailure(failure)) } : {}),
    });
  };
  const open = (from: number, to: number, stop: AbortSignal) => openRange(context, key, token, { from, to, stop });
  return new RangedBody({ size, rangeBytes: partBytes, stallMs, ahead: context.ahead, open, cutShort }, first);
}

async function openRange(
  context: S3Context,
  key: string,
  token: Token,
  { from, to, stop }: { from: number; to: number; stop: AbortSignal },
): Promise<Readable> {
  const { place, retrying } = context;
  const range = { Range: `bytes=${from}-${to - 1}`, IfMatch: comparedEtag(context, etagOf(token) ?? '') };
  const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.nameOf(key), ...range });
  try {
    const send = () => retrying.send(command, { abortSignal: stop });
    const { Body, ContentRange } = await explained(context, { action: 'GetObject', key }, send);
    if (ContentRange?.startsWith(`bytes ${from}-${to - 1}/`)) return Body as Readable;
    (Body as Readable).destroy();
  } catch (thrown) {
    // Removed since it was opened: to the reader that is one kind of change.
    if (thrown instanceof NotFoundError) throw new PreconditionError(place.url, key, { cause: thrown });
    throw thrown;
  }
  throw new UnsupportedError('reading a range of an object', { store: place.url, key });
}
