import type { IncomingMessage } from 'node:http';
import { type ObjectReads, openedObject } from '../read-object.ts';
import type { StoredObject, Token } from '../store.ts';
import { repeat } from './commit.ts';
import type { GcsContext } from './context.ts';
import { noAnswer } from './failure.ts';
import { send } from './http.ts';
import { infoOfMedia } from './info.ts';
import { generationOf } from './token.ts';

/** Google otherwise unpacks what is stored as gzip, and the bytes are no longer those that were stored (docs/facts.md P10). */
const asStored = { 'accept-encoding': 'gzip' };

/** The object, or `unchanged` where it has the token still. Throws NotFoundError. */
export async function getObject(
  context: GcsContext,
  key: string,
  ifChanged: Token | undefined,
): Promise<StoredObject | 'unchanged'> {
  const answer = await openFirst(context, key, ifChanged);
  if (answer === 'unchanged') return answer;
  return openedObject(readsOf(context, key), answer, () => infoOfMedia(context, key, answer), ifChanged);
}

/** An answer with the first range, or with the whole object where it has no bytes to take a range of. */
async function openFirst(
  context: GcsContext,
  key: string,
  ifChanged: Token | undefined,
): Promise<IncomingMessage | 'unchanged'> {
  const request = {
    method: 'GET',
    path: context.place.pathOf(key),
    query: { alt: 'media', ifGenerationNotMatch: ifChanged === undefined ? undefined : generationOf(ifChanged) },
    expected: [304, 416],
  } as const;
  const range = { range: `bytes=0-${context.limits.rangeBytes - 1}` };
  const ask = (headers: Record<string, string>) =>
    repeat(context, { verb: 'read', key }, () => send(context, { ...request, headers: { ...asStored, ...headers } }));
  let answer = await ask(range);
  if (answer.statusCode === 416) {
    answer.resume();
    answer = await ask({});
  }
  if (answer.statusCode !== 304) return answer;
  answer.resume();
  return 'unchanged';
}

function readsOf(context: GcsContext, key: string): ObjectReads {
  const { place, ahead, limits } = context;
  const { rangeBytes, stallMs } = limits;
  return {
    ...{ store: place.url, key, rangeBytes, stallMs, ahead },
    async openRange(token, { from, to, stop }) {
      const request = {
        method: 'GET',
        path: place.pathOf(key),
        query: { alt: 'media', generation: generationOf(token) },
        headers: { ...asStored, range: `bytes=${from}-${to - 1}` },
        stop,
      } as const;
      const stream = await repeat(context, { verb: 'read', key }, () => send(context, request), stop);
      return { stream, contentRange: stream.headers['content-range'] };
    },
    causeOf: noAnswer,
  };
}
