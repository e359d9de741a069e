import type { IncomingMessage } from 'node:http';
import { NotFoundError, type ObjectInfo, UnavailableError } from '../store.ts';
import { repeat } from './commit.ts';
import type { GcsContext } from './context.ts';
import type { RequestContext } from './denial.ts';
import { sendForJson } from './http.ts';
import { tokenOf } from './token.ts';

/** An object as the JSON API describes it; numbers of 64 bits come as text. */
export interface ObjectResource {
  name?: string;
  generation?: string;
  size?: string;
  updated?: string;
  contentType?: string;
  cacheControl?: string;
  crc32c?: string;
}

/** The fields of a response that describe an object. */
export const resourceFields = 'name,generation,size,updated,contentType,cacheControl,crc32c';

/**
 * The object that a response describes. Throws UnavailableError for a response without fields that Google always sends.
 */
export function infoOf(
  context: GcsContext,
  requestContext: RequestContext & { key: string },
  resource: ObjectResource,
): ObjectInfo {
  const { generation, size, updated, contentType, cacheControl } = resource;
  const modified = new Date(updated ?? '');
  if (!generation || size === undefined || Number.isNaN(modified.getTime())) {
    const message = `${requestContext.key} in ${context.place.url}: the answer to ${requestContext.verb} lacks the object’s generation, size or date.`;
    throw new UnavailableError(message, { store: context.place.url, key: requestContext.key });
  }
  const meta = {
    ...(contentType === undefined ? {} : { contentType }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
  };
  return { key: requestContext.key, size: Number(size), token: tokenOf(generation), modified, meta };
}

const headerOf = ({ headers }: IncomingMessage, name: string): string | undefined => {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
};

/** The object whose bytes, or the first of them, an answer brings. */
export function infoOfMedia(context: GcsContext, key: string, answer: IncomingMessage): ObjectInfo {
  const total = /\/(\d+)$/.exec(headerOf(answer, 'content-range') ?? '')?.[1];
  const contentType = headerOf(answer, 'content-type');
  const cacheControl = headerOf(answer, 'cache-control');
  return infoOf(
    context,
    { verb: 'read', key },
    {
      generation: headerOf(answer, 'x-goog-generation') ?? '',
      size: total ?? headerOf(answer, 'x-goog-stored-content-length') ?? headerOf(answer, 'content-length') ?? '',
      updated: headerOf(answer, 'last-modified') ?? '',
      ...(contentType === undefined ? {} : { contentType }),
      ...(cacheControl === undefined ? {} : { cacheControl }),
    },
  );
}

/** Undefined where there is no object. */
export async function headObject(context: GcsContext, key: string): Promise<ObjectInfo | undefined> {
  const requestContext = { verb: 'describe', key } as const;
  const request = { method: 'GET', path: context.place.pathOf(key), query: { fields: resourceFields } } as const;
  try {
    return infoOf(
      context,
      requestContext,
      await repeat(context, requestContext, () => sendForJson<ObjectResource>(context, request)),
    );
  } catch (thrown) {
    if (thrown instanceof NotFoundError) return undefined;
    throw thrown;
  }
}
