import {
  DeniedError,
  type ObjectInfo,
  type ObjectMeta,
  PreconditionError,
  StoreError,
  type Token,
  UnsupportedError,
} from '../store.ts';
import { BlockUpload } from './blocks.ts';
import { type AzureContext, blobOf } from './context.ts';
import { tokenScope } from './credentials.ts';
import { RequestFailure } from './failure.ts';
import { findBlob } from './info.ts';
import { lookEarly } from './look.ts';
import { readUrl } from './sign.ts';
import { requiredEtag } from './token.ts';

/** The service would not read the source for us; its bytes can be carried through this machine. */
class CannotCopy extends Error {}

/** A link for the service to read the source by, valid while it copies; seconds. */
const linkSeconds = 6 * 60 * 60;

/**
 * Copies one state of a blob under a name that is free, within an account or between accounts: the service fetches block
 * by block, and the list of them is committed on the condition that the name is free. Its blocks take no condition on
 * the source in the SDK, so the source is looked at once more before the commit: as no two states of a blob share an
 * ETag, the same one then means that all blocks are of that state. Nothing where the service cannot read the source.
 */
export async function copyObject(
  from: AzureContext,
  key: string,
  to: AzureContext,
  { key: name, info, meta }: { key: string; info: ObjectInfo; meta: ObjectMeta },
): Promise<Token | undefined> {
  requiredEtag(from, key, info.token);
  // A blob without bytes has no block to fetch.
  if (info.size === 0) return undefined;
  await lookEarly(to, name, 'absent');
  const upload = new BlockUpload(to, name);
  try {
    await fetchBlocks(upload, await linkOf(from, key), info.size);
    const source = await findBlob(from, key);
    if (source?.info.token !== info.token) throw new PreconditionError(from.place.url, key);
    return await upload.commit('absent', meta, source.contentMD5);
  } catch (thrown) {
    upload.stop.abort();
    if (thrown instanceof CannotCopy) return undefined;
    throw thrown;
  }
}

interface Link {
  url: string;
  bearer: string | undefined;
}

async function linkOf(from: AzureContext, key: string): Promise<Link> {
  const { identity } = from;
  if (identity.kind === 'key') return { url: (await readUrl(from, key, linkSeconds)).url, bearer: undefined };
  const { url } = blobOf(from, key);
  if (identity.kind === 'sas') return { url, bearer: undefined };
  return { url, bearer: (await identity.credential.getToken(tokenScope))?.token };
}

async function fetchBlocks(upload: BlockUpload, { url, bearer }: Link, size: number): Promise<void> {
  const { copyBytes, parallel } = upload.context.limits;
  const block = Math.max(copyBytes, Math.ceil(size / 50_000));
  const numbered = Array.from({ length: Math.ceil(size / block) }, (_, index) => index).values();
  const work = async () => {
    for (const index of numbered) {
      try {
        await upload.stageFrom(url, index, index * block, Math.min(size, (index + 1) * block), bearer);
      } catch (thrown) {
        upload.stop.abort();
        throw isAboutSource(thrown) ? new CannotCopy() : thrown;
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

/** Refused because the service may not, or cannot, read the source; or because it is no service that copies at all. */
function isAboutSource(thrown: unknown): boolean {
  if (thrown instanceof UnsupportedError || thrown instanceof DeniedError) return true;
  const failure = thrown instanceof StoreError && thrown.cause instanceof RequestFailure ? thrown.cause : undefined;
  return /CopySource|CopyAcrossAccounts|InvalidHeaderValue/.test(failure?.code ?? '');
}
