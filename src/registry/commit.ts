import { IntegrityError } from '../errors.ts';
import { sha256 } from '../model/digest.ts';
import { contentTypeOf, fileKey, immutableCaching, manifestKey, manifestName, tombstoneKey } from '../model/layout.ts';
import type { Manifest } from '../model/manifest.ts';
import { encodeJson } from '../model/pointer.ts';
import { PreconditionError, type Token } from '../stores/store.ts';
import { mayHaveHappened, refused } from './ambiguous.ts';
import { hashStored } from './hash-stored.ts';
import type { Destination, StoredFile } from './store-file.ts';
import { beingPruned, readTombstone } from './tombstone.ts';
import { readManifest, readVersion, type StoredManifest } from './version-contents.ts';

/**
 * Writes the manifest, which makes the version visible. An answer that got lost is settled by reading back: our
 * `publish_id` there means that it is ours. Gives back what is stored, ours or another publisher's.
 */
export async function writeManifest(to: Destination, manifest: Manifest): Promise<StoredManifest & { ours: boolean }> {
  const { store, model, version } = to;
  const bytes = encodeJson(manifest);
  const meta = { contentType: contentTypeOf(manifestName), cacheControl: immutableCaching };
  try {
    const token = await store.put(manifestKey(model, version), bytes, 'absent', meta);
    return { manifest, sha256: sha256(bytes), token, ours: true };
  } catch (error) {
    if (!mayHaveHappened(error)) throw error;
    const found = await readManifest(store, model, version);
    if (!found && refused(error)) throw beingPruned(model, version, 'its manifest came and went');
    if (!found) throw error;
    return { ...found, ours: found.sha256 === sha256(bytes) };
  }
}

/**
 * Looks again, after the manifest is visible, whether every file is still the one that was verified. A prune of old
 * leftovers may have begun between: while it only checks, its mark is taken away, which ends it; once it deletes, our
 * manifest is withdrawn. Throws ConflictError `version-being-pruned`, or IntegrityError `version-damaged`.
 *
 * The tombstone is looked for before the files are: prune removes it last, so whoever sees neither a tombstone nor a
 * gap was not raced, and a prune that begins later meets the manifest.
 */
export async function confirmCommit(
  to: Destination,
  files: readonly StoredFile[],
  stored: StoredManifest,
): Promise<void> {
  const { store, model, version } = to;
  await endCheckingPrune(to, stored.token);
  const now = await readVersion(store, model, version);
  if (now.tombstone) return confirmCommit(to, files, stored);
  if (!now.stored) throw beingPruned(model, version, 'the manifest just written is gone');
  for (const { entry, token } of files) {
    const info = now.objects.get(entry.path);
    if (!info) {
      await withdraw(to, stored.token);
      throw beingPruned(model, version, `${entry.path} was removed while it was published`);
    }
    if (info.token !== token || info.size !== entry.size) await compareAgain(to, entry, stored.token);
  }
}

async function endCheckingPrune(to: Destination, manifestToken: Token): Promise<void> {
  const { store, model, version } = to;
  const tombstone = await readTombstone(store, model, version);
  if (!tombstone) return;
  if (tombstone.state === 'deleting') {
    await withdraw(to, manifestToken);
    throw beingPruned(model, version, 'its manifest was withdrawn', tombstone);
  }
  try {
    await store.remove(tombstoneKey(model, version), { unchanged: tombstone.token });
  } catch (error) {
    if (!(error instanceof PreconditionError)) throw error;
    await endCheckingPrune(to, manifestToken);
  }
}

async function withdraw(to: Destination, token: Token): Promise<void> {
  try {
    await to.store.remove(manifestKey(to.model, to.version), { unchanged: token });
  } catch (error) {
    // Removed and written anew by someone else: theirs to confirm.
    if (!(error instanceof PreconditionError)) throw error;
  }
}

async function compareAgain(to: Destination, entry: StoredFile['entry'], manifestToken: Token): Promise<void> {
  const found = await hashStored(to.store, fileKey(to.model, to.version, entry.path));
  if (found.sha256 === entry.sha256 && found.size === entry.size) return;
  await withdraw(to, manifestToken);
  throw new IntegrityError(
    'version-damaged',
    `${entry.path} of ${to.model} ${to.version} is not what was stored: expected sha256 ${entry.sha256} (${entry.size} bytes), got ${found.sha256} (${found.size} bytes). The version was withdrawn.`,
    { hint: 'Something else writes into this store, or it does not keep what it is given: run `coldgate doctor`.' },
  );
}
