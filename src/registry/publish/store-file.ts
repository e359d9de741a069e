import { IntegrityError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { contentTypeOf, fileKey, immutableCaching } from '../../model/layout.ts';
import type { FileEntry } from '../../model/manifest.ts';
import { AlreadyExistsError, NotFoundError, type ObjectInfo, type Store, type Token } from '../../stores/store.ts';
import { mayHaveHappened } from '../ambiguous.ts';
import { readManifest } from '../version/contents.ts';
import { beingPruned } from '../version/tombstone.ts';
import type { Difference } from './differences.ts';
import { hashStored, type StoredDigest } from './hash-stored.ts';
import type { WatchedFile } from './local-file.ts';

/** A file of the version that is known to be stored with exactly these bytes. */
export interface StoredFile {
  entry: FileEntry;
  token: Token;
  how: 'uploaded' | 'adopted';
}

export interface Destination {
  store: Store;
  model: string;
  version: string;
  log: Logger;
}

/** The place of a file among those that go one behind the other. */
export interface Turn {
  /** Resolves once the file before is stored, and rejects where it is not. */
  before: Promise<unknown>;
  /** Called when this file has been read. */
  read(): void;
}

/**
 * Stores one file: hashed and uploaded in one pass, or, where its key is taken (a crash, another publisher, our own
 * success whose answer was lost), adopted when the stored bytes hash to the same. In its turn it is not to be seen before
 * the file before it is. Throws IntegrityError `leftover-differs` or `version-exists` when they do not, `file-changed` when
 * the local file does not keep still.
 */
export async function storeFile(
  to: Destination,
  file: WatchedFile,
  found: ObjectInfo | undefined,
  turn?: Turn,
): Promise<StoredFile> {
  if (found) return adopt(to, file);
  const key = fileKey(to.model, to.version, file.path);
  const meta = { contentType: contentTypeOf(file.path), cacheControl: immutableCaching };
  try {
    const body = file.body((done) => to.log.progress(`Publishing ${file.path}`, done, file.size, 'bytes'));
    const token = await to.store.put(key, turn ? endingInTurn(body, turn) : body, 'absent', meta);
    return { entry: file.entry, token, how: 'uploaded' };
  } catch (error) {
    if (error instanceof AlreadyExistsError) return adopt(to, file);
    if (file.failure) throw file.failure;
    if (mayHaveHappened(error) && (await to.store.head(key))) return adopt(to, file);
    throw error;
  }
}

/** No store shows an object before its body has ended. */
async function* endingInTurn(body: AsyncIterable<Uint8Array>, turn: Turn): AsyncGenerator<Uint8Array> {
  yield* body;
  turn.read();
  await turn.before;
}

async function adopt(to: Destination, file: WatchedFile): Promise<StoredFile> {
  const key = fileKey(to.model, to.version, file.path);
  const [stored, local] = await bothDigests(to, key, file);
  if (stored.sha256 === local.sha256 && stored.size === local.size) {
    to.log.debug(`${key} is there already with the same bytes.`);
    return { entry: local, token: stored.token, how: 'adopted' };
  }
  throw await differs(to, file.path, stored, local);
}

async function bothDigests(to: Destination, key: string, file: WatchedFile): Promise<[StoredDigest, FileEntry]> {
  const reading = hashStored(to.store, key, (done) =>
    to.log.progress(`Comparing ${file.path}`, done, file.size, 'bytes'),
  );
  const [stored, local] = await Promise.allSettled([reading, file.digest()]);
  if (local.status === 'rejected') throw local.reason;
  if (stored.status === 'fulfilled') return [stored.value, local.value];
  if (stored.reason instanceof NotFoundError) {
    throw beingPruned(to.model, to.version, `${file.path} vanished while it was compared`);
  }
  throw stored.reason;
}

function differs(to: Destination, path: string, stored: StoredDigest, local: FileEntry): Promise<IntegrityError> {
  const digests = `stored sha256 ${stored.sha256} (${stored.size} bytes), here ${local.sha256} (${local.size} bytes)`;
  const difference = { path, stored: stored.sha256, local: local.sha256 };
  return otherBytes(to, [difference], `${path}: ${digests}`, `left other bytes in ${path}: ${digests}`);
}

/** Another publisher who is done by now explains more than a leftover would. `left` is what an unfinished one did. */
export async function otherBytes(
  to: Destination,
  differences: readonly Difference[],
  what: string,
  left: string,
): Promise<IntegrityError> {
  const { model, version } = to;
  const done = await readManifest(to.store, model, version);
  const data = { model, version, differences };
  if (done) {
    return new IntegrityError('version-exists', `${model} ${version} was published with other bytes: ${what}.`, {
      hint: 'A published version never changes: give these files a new version.',
      data,
    });
  }
  return new IntegrityError('leftover-differs', `An unfinished publish of ${model} ${version} ${left}.`, {
    hint: 'Give these files a new version, or publish again after `coldgate prune` has removed the leftover, a day after it was written.',
    data,
  });
}
