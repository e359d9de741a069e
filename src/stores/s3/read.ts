import type { Readable } from 'node:stream';
import { GetObjectCommand, type GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { type ObjectReads, openedObject, totalOf } from '../read-object.ts';
import type { StoredObject, Token } from '../store.ts';
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
  const describe = () => {
    const ContentLength = totalOf(answer.ContentRange) ?? answer.ContentLength;
    return infoOf(context, { action: 'GetObject', key }, { ...answer, ContentLength });
  };
  return openedObject(readsOf(context, key), answer.Body as Readable, describe, ifChanged);
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

function readsOf(context: S3Context, key: string): ObjectReads {
  const { place, retrying, ahead, limits } = context;
  return {
    ...{ store: place.url, key, rangeBytes: limits.partBytes, stallMs: limits.stallMs, ahead },
    async openRange(token, { from, to, stop }) {
      const range = { Range: `bytes=${from}-${to - 1}`, IfMatch: comparedEtag(context, etagOf(token) ?? '') };
      const command = new GetObjectCommand({ Bucket: place.bucket, Key: place.nameOf(key), ...range });
      const send = () => retrying.send(command, { abortSignal: stop });
      const { Body, ContentRange } = await explained(context, { action: 'GetObject', key }, send);
      return { stream: Body as Readable, contentRange: ContentRange };
    },
    causeOf: (thrown) => causeOf(readFailure(thrown)),
  };
}
