import { sha256 } from '../../model/digest.ts';
import { contentTypeOf, immutableCaching, manifestKey, manifestName } from '../../model/layout.ts';
import type { Manifest } from '../../model/manifest.ts';
import { encodeJson } from '../../model/pointer.ts';
import { mayHaveHappened, refused } from '../ambiguous.ts';
import { readManifest, type StoredManifest } from '../version/contents.ts';
import { beingPruned } from '../version/tombstone.ts';
import type { Destination } from './store-file.ts';

/**
 * Writes the manifest, which makes the version visible. An answer that got lost is settled by reading back: our
 * `publish_id` there means that it is ours. Gives back what is stored, ours or another publisher's.
 * @param bytes of the manifest, where it is a copy
 */
export async function writeManifest(
  to: Destination,
  manifest: Manifest,
  bytes: Uint8Array = encodeJson(manifest),
): Promise<StoredManifest & { ours: boolean }> {
  const { store, model, version } = to;
  const meta = { contentType: contentTypeOf(manifestName), cacheControl: immutableCaching };
  try {
    const token = await store.put(manifestKey(model, version), bytes, 'absent', meta);
    return { manifest, bytes, sha256: sha256(bytes), token, ours: true };
  } catch (error) {
    if (!mayHaveHappened(error)) throw error;
    const found = await readManifest(store, model, version);
    if (!found && refused(error)) throw beingPruned(model, version, 'its manifest came and went');
    if (!found) throw error;
    return { ...found, ours: found.sha256 === sha256(bytes) };
  }
}
