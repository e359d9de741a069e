import type { IncomingMessage } from 'node:http';
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
  try {
    const info = infoOfMedia(context, key, answer);
    // A server may ignore the condition and send it all.
    if (info.token !== ifChanged) return { info, body: bodyOf(context, info, answer) };
    answer.destroy();
    return 'unchanged';
  } catch (thrown) {
    answer.destroy();
    throw thrown;
  }
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

function bodyOf(context: GcsContext, { key, size, token }: ObjectInfo, first: IncomingMessage): RangedBody {
  const { url } = context.place;
  const { rangeBytes, stallMs } = context.limits;
  const cutShort = (at: number, cause: unknown) => {
    const message = `${key} in ${url} stopped coming after ${at} of ${size} bytes, and asking again brought none.`;
    return new UnavailableError(message, { store: url, key, ...(cause ? { cause: noAnswer(cause) } : {}) });
  };
  const open = (from: number, to: number, stop: AbortSignal) => openRange(context, key, token, { from, to, stop });
  return new RangedBody({ size, rangeBytes, stallMs, ahead: context.ahead, open, cutShort }, first);
}

async function openRange(
  context: GcsContext,
  key: string,
  token: Token,
  { from, to, stop }: { from: number; to: number; stop: AbortSignal },
): Promise<IncomingMessage> {
  const request = {
    method: 'GET',
    path: context.place.pathOf(key),
    query: { alt: 'media', generation: generationOf(token) },
    headers: { ...asStored, range: `bytes=${from}-${to - 1}` },
    stop,
  } as const;
  try {
    const answer = await repeat(context, { verb: 'read', key }, () => send(context, request), stop);
    if (answer.headers['content-range']?.startsWith(`bytes ${from}-${to - 1}/`)) return answer;
    answer.destroy();
  } catch (thrown) {
    // This generation was replaced or removed since it was opened.
    if (thrown instanceof NotFoundError) throw new PreconditionError(context.place.url, key, { cause: thrown });
    throw thrown;
  }
  throw new UnsupportedError('reading a range of an object', { store: context.place.url, key });
}
