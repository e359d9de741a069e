import { IntegrityError } from '../../errors.ts';
import { Hashing } from '../../model/digest.ts';
import { contentTypeOf, fileKey, immutableCaching } from '../../model/layout.ts';
import type { FileEntry } from '../../model/manifest.ts';
import { AlreadyExistsError, NotFoundError, PreconditionError, type Store, type Token } from '../../stores/store.ts';
import { mayHaveHappened } from '../ambiguous.ts';
import { beingPruned } from '../version/tombstone.ts';
import { hashStored, type StoredDigest } from './hash-stored.ts';
import type { Destination } from './store-file.ts';

/** A file of the version that is in the destination with exactly the bytes of the manifest, all read back. */
export interface CopiedFile extends FileEntry {
  /**
   * `by-store`: the provider copied it. `streamed`: its bytes passed through this machine. `adopted`: it lay there.
   * `planned`: a dry run would bring it.
   */
  how: 'by-store' | 'streamed' | 'adopted' | 'planned';
}

/** Where a file comes from and goes to. */
export interface FileCopy {
  from: Store;
  to: Destination;
  entry: FileEntry;
}

/**
 * Copies one file of a version and reads the copy back: on the provider's side if both stores are of one provider and
 * it supports that, else through this machine. A file that is there already with the right bytes is adopted. Throws
 * IntegrityError `checksum-mismatch` if the source contradicts its manifest, `leftover-differs` if other bytes are
 * there, ConflictError `version-being-pruned` if the source is deleted meanwhile, and what the stores throw.
 */
export async function copyFile(copy: FileCopy, exists: boolean): Promise<CopiedFile> {
  const { to, entry } = copy;
  if (exists) return adopt(copy);
  const key = fileKey(to.model, to.version, entry.path);
  let how: CopiedFile['how'];
  try {
    how = await bring(copy, key);
  } catch (error) {
    if (error instanceof AlreadyExistsError) return adopt(copy);
    if (mayHaveHappened(error) && (await to.store.head(key))) return adopt(copy);
    throw error;
  }
  const found = await readBack(copy, key);
  if (isEntry(found, entry)) return { ...entry, how };
  await takeAway(copy, key, found.token);
  throw damaged(copy, found);
}

async function bring(copy: FileCopy, key: string): Promise<CopiedFile['how']> {
  const { from, to, entry } = copy;
  const meta = { contentType: contentTypeOf(entry.path), cacheControl: immutableCaching };
  if (to.store.copyFrom && (await byStore(copy, key, meta))) return 'by-store';
  const body = new SourceBody(copy);
  try {
    await to.store.put(key, body.read(from, key), 'absent', meta);
  } catch (error) {
    // The source's own error is more specific than the driver's.
    throw body.failure ?? error;
  }
  return 'streamed';
}

/** Whether the provider has copied it. */
async function byStore({ from, to, entry }: FileCopy, key: string, meta: object): Promise<boolean> {
  const info = await from.head(key);
  if (!info) throw gone(to, entry);
  try {
    return (await to.store.copyFrom!(from, key, { key, info, meta })) !== undefined;
  } catch (error) {
    if (!(error instanceof PreconditionError || error instanceof NotFoundError)) throw error;
    throw (await from.head(key)) ? error : gone(to, entry);
  }
}

/** The bytes of the source, whose end is a failure where they are not those of the manifest: no store keeps them then. */
class SourceBody {
  readonly #copy: FileCopy;
  failure: unknown;

  constructor(copy: FileCopy) {
    this.#copy = copy;
  }

  async *read(from: Store, key: string): AsyncGenerator<Uint8Array> {
    const { to, entry } = this.#copy;
    const hashing = new Hashing();
    try {
      for await (const chunk of hashing.through((await from.get(key)).body)) {
        yield chunk;
        to.log.progress(`Copying ${entry.path}`, hashing.size, entry.size, 'bytes');
      }
      if (!isEntry(hashing, entry)) throw damaged(this.#copy, hashing);
    } catch (error) {
      this.failure = error instanceof NotFoundError ? gone(to, entry) : error;
      throw this.failure;
    }
  }
}

async function adopt(copy: FileCopy): Promise<CopiedFile> {
  const { to, entry } = copy;
  const found = await readBack(copy, fileKey(to.model, to.version, entry.path));
  if (isEntry(found, entry)) return { ...entry, how: 'adopted' };
  throw new IntegrityError(
    'leftover-differs',
    `An unfinished publish or copy of ${to.model} ${to.version} left other bytes in ${to.store.url}: ${entry.path}: stored sha256 ${found.sha256} (${found.size} bytes), in the source ${entry.sha256} (${entry.size} bytes).`,
    {
      hint: 'Copy again after `coldgate prune` has removed the leftover there, a day after it was written.',
      data: { model: to.model, version: to.version, path: entry.path },
    },
  );
}

async function readBack({ to, entry }: FileCopy, key: string): Promise<StoredDigest> {
  try {
    return await hashStored(to.store, key, (done) =>
      to.log.progress(`Reading ${entry.path} back`, done, entry.size, 'bytes'),
    );
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw beingPruned(to.model, to.version, `${entry.path} vanished while it was read back`);
  }
}

const isEntry = (found: { sha256: string; size: number }, entry: FileEntry): boolean =>
  found.sha256 === entry.sha256 && found.size === entry.size;

/** A wrong copy, not yet visible, would block a right one for a day. */
async function takeAway({ to }: FileCopy, key: string, token: Token): Promise<void> {
  try {
    await to.store.remove(key, { unchanged: token });
  } catch (error) {
    to.log.debug(`${key} stays: ${error instanceof Error ? error.message : error}`);
  }
}

const gone = (to: Destination, entry: FileEntry) =>
  beingPruned(to.model, to.version, `${entry.path} went away in the source while it was copied`);

function damaged({ from, to, entry }: FileCopy, found: { sha256: string; size: number }): IntegrityError {
  return new IntegrityError(
    'checksum-mismatch',
    `${entry.path} of ${to.model} ${to.version} in ${from.url} contradicts its manifest: expected sha256 ${entry.sha256} (${entry.size} bytes), copied ${found.sha256} (${found.size} bytes).`,
    {
      hint: 'Run `coldgate verify` on the source, and publish the same files there again or another version.',
      data: {
        ...{ model: to.model, version: to.version, path: entry.path, expected: entry },
        actual: { sha256: found.sha256, size: found.size },
      },
    },
  );
}
