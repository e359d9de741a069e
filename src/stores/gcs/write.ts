import { randomUUID } from 'node:crypto';
import { type ObjectMeta, type Precondition, type Token, UnavailableError } from '../store.ts';
import { commit } from './commit.ts';
import type { GcsContext } from './context.ts';
import { Crc32c } from './crc32c.ts';
import type { RequestContext } from './denial.ts';
import { judgeWrite } from './fault.ts';
import { sendForJson } from './http.ts';
import type { ObjectResource } from './info.ts';
import { removeObject } from './remove.ts';
import { matchOf, tokenOf } from './token.ts';

/** What a request that writes an object asks back. */
export const writtenFields = 'generation,size,crc32c';

/** Where uploads go, and what must hold for this one. */
export function uploadTo(context: GcsContext, key: string, when: Precondition) {
  return {
    path: `/upload${context.place.pathOf()}`,
    query: {
      ifGenerationMatch: matchOf(context, key, when),
      kmsKeyName: context.kmsKey,
      fields: writtenFields,
    },
  };
}

/** What is stored with the bytes. There is no content encoding in it: the bytes are those that were hashed (docs/facts.md P10). */
export function resourceOf(
  context: GcsContext,
  key: string,
  { contentType, cacheControl }: ObjectMeta,
): ObjectResource {
  return {
    name: context.place.nameOf(key),
    ...(contentType === undefined ? {} : { contentType }),
    ...(cacheControl === undefined ? {} : { cacheControl }),
  };
}

export const askedFor = (key: string, when: Precondition): RequestContext & { key: string } => ({
  verb: when === 'absent' ? 'create' : 'replace',
  key,
});

/** Writes an object in one request, which carries its checksum for the server to compare. */
export async function writeWhole(
  context: GcsContext,
  key: string,
  bytes: Uint8Array,
  when: Precondition,
  meta: ObjectMeta,
): Promise<Token> {
  const { path, query } = uploadTo(context, key, when);
  const crc32c = new Crc32c().update(bytes).digest();
  const boundary = randomUUID();
  const resource = JSON.stringify({ ...resourceOf(context, key, meta), crc32c });
  const head = `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${resource}\r\n`;
  const mediaHead = `--${boundary}\r\ncontent-type: ${meta.contentType ?? 'application/octet-stream'}\r\n\r\n`;
  const request = {
    method: 'POST',
    path,
    query: { ...query, uploadType: 'multipart' },
    headers: { 'content-type': `multipart/related; boundary=${boundary}` },
    body: [Buffer.from(head + mediaHead), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)],
  } as const;
  const judge = judgeWrite(context, askedFor(key, when), when);
  const written = await commit(context, () => sendForJson<ObjectResource>(context, request), judge);
  return checkWritten(context, key, written, { size: bytes.byteLength, crc32c });
}

/**
 * The token of a write whose answer agrees with what was sent. An object of other bytes, which only a server can leave
 * that compares nothing itself, is removed again. Throws UnavailableError then.
 */
export async function checkWritten(
  context: GcsContext,
  key: string,
  written: ObjectResource,
  sent: { size: number; crc32c: string },
): Promise<Token> {
  const { url } = context.place;
  if (!written.generation) {
    const message = `${key} in ${url} was written, but the server did not say which generation it has.`;
    throw new UnavailableError(message, { store: url, key });
  }
  const token = tokenOf(written.generation);
  const differs =
    (written.size !== undefined && Number(written.size) !== sent.size) ||
    (written.crc32c !== undefined && written.crc32c !== sent.crc32c);
  if (!differs) return token;
  await removeObject(context, key, token);
  const message = `${key} in ${url} arrived as other bytes (${written.size} with ${written.crc32c}, not ${sent.size} with ${sent.crc32c}), and was removed again.`;
  const hint = 'Run it again; if it stays, look for a proxy that changes requests.';
  throw new UnavailableError(message, { store: url, key, hint });
}
