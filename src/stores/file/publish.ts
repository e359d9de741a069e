import { mkdir, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { exitCodes } from '../../errors.ts';
import { AlreadyExistsError, type ObjectMeta, type Precondition, PreconditionError, StoreError } from '../store.ts';
import type { FileContext } from './context.ts';
import { errnoOf, explained } from './fault.ts';
import { removeEmptyFolders, whatIsAt } from './folders.ts';
import { type FileLocation, locationOf } from './layout.ts';
import { withLock } from './lock.ts';
import { encodeNote, type NoteEntry } from './note.ts';
import { describeObject } from './object.ts';
import { discard, type Temporary, writeSmallTemporary } from './temporary.ts';

/** What link(2) answers on file systems without hard links (FAT, exFAT, some network and user-space ones). */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

const renameOne =
  'A folder of files cannot hold an object under a name that also begins other keys; rename one of them.';

function keyConflict({ store }: FileContext, key: string, why: string, hint = renameOne): StoreError {
  return new StoreError('key-conflict', exitCodes.conflict, `${key} cannot be an object in ${store}: ${why}.`, {
    store,
    key,
    hint,
  });
}

function staleToken({ store }: FileContext, key: string, given: string, current: string | undefined): StoreError {
  const foreign = given.startsWith('file:') ? undefined : 'The token given was made by another kind of store.';
  const gone = current === undefined ? 'There is no such object now.' : undefined;
  return new PreconditionError(store, key, { hint: foreign ?? gone, data: { given, current } });
}

/** Throws unless the precondition holds now; returns the note's entry of the object that it found. */
export async function checkPrecondition(
  context: FileContext,
  key: string,
  when: Precondition,
): Promise<NoteEntry | undefined> {
  const found = await whatIsAt(context, key);
  const current = found === 'object' ? await describeObject(context, key) : undefined;
  if (when !== 'absent') {
    if (current?.info.token !== when.unchanged) throw staleToken(context, key, when.unchanged, current?.info.token);
    return current.entry;
  }
  if (current) throw new AlreadyExistsError(context.store, key);
  if (found === 'folder') throw keyConflict(context, key, 'other keys begin with it and "/"');
  if (found === 'below-an-object') throw keyConflict(context, key, 'a part of it is an object itself');
  if (found === 'something-else') {
    const hint = 'Only plain files can be objects: move away what is there.';
    throw keyConflict(context, key, 'something that is no file has its name', hint);
  }
  return undefined;
}

/**
 * Puts a finished temporary in the key's place if the precondition still holds. The object's rename or link is the one
 * point where the write happens; the note before it is true on both sides of that point. Steps: docs/stores.md.
 */
export async function publish(
  context: FileContext,
  key: string,
  temporary: Temporary,
  when: Precondition,
  meta: ObjectMeta,
): Promise<void> {
  const place = locationOf(context.layout, key);
  const absent = when === 'absent';
  await explained('write', { store: context.store, key }, async () => {
    const before = absent ? undefined : await checkPrecondition(context, key, when);
    const { contentType, cacheControl } = meta;
    const entry = { id: temporary.id, stamp: temporary.stamp, contentType, cacheControl };
    // Prepared outside the lock: if the token still is what it was, so is the entry. That of a new object may be lost
    // with the power: the object is then whole, as one that was put there by hand.
    const note = await writeSmallTemporary(context, encodeNote(key, [entry, before]), !absent);
    context.onStep('note-prepared');
    try {
      await withLock(context, place, async () => {
        await checkPrecondition(context, key, when);
        context.onStep('compared');
        await publishNote(context, place, note, !absent);
        context.onStep('note-published');
        const made = absent ? await create(context, place, temporary.path) : await rename(temporary.path, place.path);
        context.onStep('object-published');
        await (absent
          ? context.syncs.syncUpTo(context.layout.root, place.folder, made !== undefined)
          : context.syncs.sync(place.folder));
        context.onStep('folder-synced');
      });
    } finally {
      await discard(note);
    }
  });
}

async function publishNote(
  { layout, syncs }: FileContext,
  place: FileLocation,
  note: string,
  durable: boolean,
): Promise<void> {
  const folder = dirname(place.note);
  const made = await mkdir(folder, { recursive: true });
  await rename(note, place.note);
  if (durable) await syncs.syncUpTo(layout.root, folder, made !== undefined);
}

/** Publishes where nothing is; returns the first folder that it had to make. link(2) refuses to replace even what came from outside our lock; a rename relies on it. */
async function create(context: FileContext, place: FileLocation, temporary: string): Promise<string | undefined> {
  let made: string | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      made = (await mkdir(place.folder, { recursive: true })) ?? made;
      await context.link(temporary, place.path);
      return made;
    } catch (thrown) {
      const code = errnoOf(thrown) ?? '';
      if (code === 'EEXIST') throw new AlreadyExistsError(context.store, place.key);
      if (noLinks.has(code)) {
        await rename(temporary, place.path);
        return made;
      }
      // A removal next door took the empty folder, or one above it, away.
      if (code !== 'ENOENT' || attempt === 5) throw thrown;
    }
  }
}

/** Removes the object if its token is current. Nothing there is fine. */
export async function removeObject(context: FileContext, key: string, token: string): Promise<void> {
  const place = locationOf(context.layout, key);
  await explained('remove', { store: context.store, key }, async () => {
    if ((await whatIsAt(context, key)) !== 'object') return;
    await mkdir(context.layout.locks, { recursive: true });
    await withLock(context, place, async () => {
      if ((await whatIsAt(context, key)) !== 'object') return;
      await checkPrecondition(context, key, { unchanged: token });
      context.onStep('compared');
      await unlink(place.path);
      context.onStep('object-removed');
      await discard(place.note);
      context.onStep('note-removed');
      await context.syncs.syncIfThere(place.folder);
      context.onStep('folder-synced');
      await removeEmptyFolders(context.layout.root, place.folder);
    });
  });
}
