import { manifestKey, tombstoneKey, versionPrefix } from '../../model/layout.ts';
import { sideBySide } from '../../side-by-side.ts';
import { type ObjectInfo, PreconditionError } from '../../stores/store.ts';
import { beginDeleting, type Mark, type Marking, stillHeld, withdrawMark } from './mark.ts';
import type { SurveyedVersion } from './survey.ts';

/** Files of one version that are removed at a time, after one look at its mark. */
const filesAtOnce = 8;

/**
 * Removes a version: its manifest first, then its files, its mark last. `seen` is what the look after the marks found;
 * what was written since is found by another. True when the version is gone; false when the mark was taken from us,
 * before or during.
 */
export async function deleteVersion(
  marking: Marking,
  checked: Mark,
  seen: SurveyedVersion | undefined,
): Promise<boolean> {
  const held = checked.state === 'deleting' ? checked : await beginDeleting(marking, checked);
  if (!held) return false;
  // What has just been taken past the point of no return is ours.
  let sure = held !== checked;
  let rest = seen ? [...(seen.manifest ? [seen.manifest] : []), ...seen.objects] : [];
  // More than two rounds only where something that keeps to no protocol writes in between.
  for (let round = 0; round <= 10; round += 1) {
    if (!(await removeAll(marking, held, rest, sure))) return false;
    sure = false;
    rest = await objectsOf(marking, held.version);
    if (rest.length > 0) continue;
    await withdrawMark(marking, held);
    return true;
  }
  return false;
}

/** In the order of the list. False when the mark was taken from us. */
async function removeAll(
  marking: Marking,
  held: Mark,
  objects: readonly ObjectInfo[],
  sure: boolean,
): Promise<boolean> {
  const isManifest = ({ key }: ObjectInfo) => key === manifestKey(marking.model, held.version);
  const manifest = objects.filter(isManifest);
  if (manifest.length > 0) {
    if (!(sure || (await stillHeld(marking, held)))) return false;
    // Changed since: no reader may meet it without its files.
    if (!(await removeSome(marking, manifest))) return true;
  }
  const files = objects.filter((info) => !isManifest(info));
  for (let at = 0; at < files.length; at += filesAtOnce) {
    if (!(await stillHeld(marking, held))) return false;
    await removeSome(marking, files.slice(at, at + filesAtOnce));
  }
  return true;
}

/** False where one of them has changed since, and stays. */
async function removeSome({ store }: Marking, objects: readonly ObjectInfo[]): Promise<boolean> {
  const removed = await sideBySide(objects, filesAtOnce, async ({ key, token }) => {
    try {
      await store.remove(key, { unchanged: token });
      return true;
    } catch (error) {
      if (!(error instanceof PreconditionError)) throw error;
      return false;
    }
  });
  return !removed.includes(false);
}

/** All that lies under the version now, but for the mark. */
async function objectsOf({ store, model }: Marking, version: string): Promise<ObjectInfo[]> {
  const found: ObjectInfo[] = [];
  for await (const info of store.list(versionPrefix(model, version))) {
    if (info.key !== tombstoneKey(model, version)) found.push(info);
  }
  return found;
}
