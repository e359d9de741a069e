import { constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import type { ObjectInfo, ObjectMeta } from '../store.ts';
import type { FileContext } from './context.ts';
import { errnoOf } from './fault.ts';
import { locationOf } from './layout.ts';
import { type NoteEntry, readNote, stampOf } from './note.ts';

/** An object that is open for reading. The opener closes the handle. */
export interface OpenObject {
  handle: FileHandle;
  info: ObjectInfo;
  /** Missing for a file that someone put there by hand. */
  entry: NoteEntry | undefined;
}

/** Not through a symlink; and without waiting for a writer should a pipe stand there. Windows has neither flag. */
const readOnly = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Max. concurrent writes that a reader retries after; then it omits the content type. */
const tries = 8;

/** The handle's file has been replaced or removed since it was opened. */
async function isOutdated(path: string, stamp: string): Promise<boolean> {
  const now = await lstat(path, { bigint: true }).catch(() => undefined);
  return !now || stampOf(now) !== stamp;
}

function metaOf(entry: NoteEntry | undefined): ObjectMeta {
  const meta: ObjectMeta = {};
  if (entry?.contentType !== undefined) meta.contentType = entry.contentType;
  if (entry?.cacheControl !== undefined) meta.cacheControl = entry.cacheControl;
  return meta;
}

/**
 * Opens the object and returns its description. Bytes, size and token are of one file, the one that the descriptor
 * pins, whatever is written meanwhile: while it is open its inode cannot be used again, so its stamp fits no other
 * write's entry. Returns undefined where there is no regular file. The caller has checked the path for symlinks.
 */
export async function openObject(context: FileContext, key: string): Promise<OpenObject | undefined> {
  const { path, note } = locationOf(context.layout, key);
  for (let attempt = 1; ; attempt++) {
    const handle = await open(path, readOnly).catch((thrown) => {
      if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(thrown) ?? '')) return undefined;
      throw thrown;
    });
    if (!handle) return undefined;
    try {
      const file = await handle.stat({ bigint: true });
      const stamp = stampOf(file);
      const entry = file.isFile() ? await readNote(note, key, stamp) : undefined;
      const again = !entry && attempt < tries && file.isFile() && (await isOutdated(path, stamp));
      if (!file.isFile() || again) {
        await handle.close();
        if (again) continue;
        return undefined;
      }
      const token = `file:${entry?.id ?? `by-hand-${stamp}`}`;
      const modified = new Date(Number(file.mtimeMs));
      return { handle, entry, info: { key, size: Number(file.size), token, modified, meta: metaOf(entry) } };
    } catch (thrown) {
      await handle.close();
      throw thrown;
    }
  }
}

/** The same, closed again. */
export async function describeObject(
  context: FileContext,
  key: string,
): Promise<Omit<OpenObject, 'handle'> | undefined> {
  const opened = await openObject(context, key);
  await opened?.handle.close();
  return opened;
}
