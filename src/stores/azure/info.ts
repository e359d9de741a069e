import { NotFoundError, type ObjectInfo, UnavailableError } from '../store.ts';
import { type AzureContext, blobOf } from './context.ts';
import type { RequestContext } from './denial.ts';
import { repeat } from './request.ts';
import { tokenOf } from './token.ts';

/** The fields of all responses that describe a blob. */
export interface Described {
  etag?: string | undefined;
  contentLength?: number | undefined;
  lastModified?: Date | undefined;
  contentType?: string | undefined;
  cacheControl?: string | undefined;
}

/**
 * The blob that a response describes. Throws UnavailableError for a response without fields that Azure always sends.
 */
export function infoOf(
  context: AzureContext,
  requestContext: RequestContext & { key: string },
  answer: Described,
): ObjectInfo {
  const { etag, contentLength: size, lastModified, contentType, cacheControl } = answer;
  if (!etag || size === undefined || !lastModified) {
    const message = `${requestContext.key} in ${context.place.url}: the answer to ${requestContext.verb} lacks the blob’s ETag, size or date.`;
    throw new UnavailableError(message, { store: context.place.url, key: requestContext.key });
  }
  const meta = {
    ...(contentType ? { contentType } : {}),
    ...(cacheControl ? { cacheControl } : {}),
  };
  return { key: requestContext.key, size, token: tokenOf(etag), modified: lastModified, meta };
}

/** In accounts with folders (hierarchical namespace) these are blobs too, marked so; they are no objects of a store. */
export const isFolder = (metadata: Record<string, string> | undefined): boolean =>
  metadata?.['hdi_isfolder'] === 'true' || metadata?.['Hdi_isfolder'] === 'true';

/** A blob and the MD5 that is kept with it. */
export interface FoundBlob {
  info: ObjectInfo;
  contentMD5: Uint8Array | undefined;
}

/** Undefined where there is no blob. */
export async function findBlob(context: AzureContext, key: string): Promise<FoundBlob | undefined> {
  const requestContext = { verb: 'describe', key } as const;
  try {
    const found = await repeat(context, requestContext, (options) => blobOf(context, key).getProperties(options));
    if (isFolder(found.metadata)) return undefined;
    return { info: infoOf(context, requestContext, found), contentMD5: found.contentMD5 };
  } catch (thrown) {
    if (thrown instanceof NotFoundError) return undefined;
    throw thrown;
  }
}

export const headBlob = async (context: AzureContext, key: string): Promise<ObjectInfo | undefined> =>
  (await findBlob(context, key))?.info;
