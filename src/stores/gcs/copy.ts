import {
  AlreadyExistsError,
  NotFoundError,
  type ObjectInfo,
  type ObjectMeta,
  PreconditionError,
  type Token,
  UnavailableError,
} from '../store.ts';
import { commit } from './commit.ts';
import type { GcsContext } from './context.ts';
import { judgeWrite } from './fault.ts';
import { sendForJson } from './http.ts';
import { headObject, type ObjectResource } from './info.ts';
import { requiredGeneration } from './token.ts';
import { checkWritten, resourceOf } from './write.ts';

interface Rewrite {
  done?: boolean;
  rewriteToken?: string;
  resource?: ObjectResource;
}

/**
 * Copies one generation of an object into a key that is free, from bucket to bucket, of any place and class: Google
 * copies for a while in each request and returns a token to continue with. Undefined where the two are on different
 * servers.
 */
export async function copyObject(
  from: GcsContext,
  key: string,
  to: GcsContext,
  { key: name, info, meta }: { key: string; info: ObjectInfo; meta: ObjectMeta },
): Promise<Token | undefined> {
  if (from.endpoint !== to.endpoint) return undefined;
  const sourceGeneration = requiredGeneration(from, key, info.token);
  if (await headObject(to, name)) throw new AlreadyExistsError(to.place.url, name);
  const { name: _, ...resource } = resourceOf(to, name, meta);
  const path = `${from.place.pathOf(key)}/rewriteTo${to.place.pathOf(name).replace('/storage/v1', '')}`;
  const query = { sourceGeneration, ifGenerationMatch: '0', destinationKmsKeyName: to.kmsKey };
  const judge = judgeWrite(to, { verb: 'copy', key: name }, 'absent');
  let rewriteToken: string | undefined;
  try {
    for (;;) {
      const request = {
        method: 'POST',
        path,
        query: { ...query, rewriteToken },
        headers: { 'content-type': 'application/json; charset=UTF-8' },
      } as const;
      const body = Buffer.from(JSON.stringify(resource));
      const rewrite = await commit(to, () => sendForJson<Rewrite>(to, { ...request, body: [body] }), judge);
      if (rewrite.done && rewrite.resource) {
        const crc32c = rewrite.resource.crc32c ?? '';
        return await checkWritten(to, name, rewrite.resource, { size: info.size, crc32c });
      }
      rewriteToken = rewrite.rewriteToken;
      if (!rewriteToken) throw unfinished(to, name);
    }
  } catch (thrown) {
    // The bucket to copy to was asked for the object just now: what is not there is this generation of the source.
    if (thrown instanceof NotFoundError) throw new PreconditionError(from.place.url, key, { cause: thrown });
    throw thrown;
  }
}

function unfinished({ place }: GcsContext, key: string): UnavailableError {
  const message = `${key} in ${place.url}: the server neither finished the copy nor returned a token to continue.`;
  return new UnavailableError(message, { store: place.url, key });
}
