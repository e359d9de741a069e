import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { ObjectMeta } from '../store.ts';
import { errnoOf } from './fault.ts';

/** One write of an object, as its note keeps it. */
export interface NoteEntry extends ObjectMeta {
  /** Random, never used twice: the token's content. */
  id: string;
  /** Which file it describes. */
  stamp: string;
}

/**
 * Kept beside each object. It names the write that is about to be published and the one before it, so that it is true
 * of the object both before and after the rename that publishes; the reader picks by stamp.
 */
interface Note {
  schema: 1;
  key: string;
  entries: NoteEntry[];
}

interface FileIdentity {
  ino: bigint;
  size: bigint;
  mtimeNs: bigint;
}

/**
 * Names one file. Two files that exist at the same time differ by inode, and both of a note's entries exist while it is
 * written; size and time are there for files that someone edits in place.
 */
export const stampOf = (file: FileIdentity): string => `${file.ino}-${file.size}-${file.mtimeNs}`;

export function encodeNote(key: string, entries: (NoteEntry | undefined)[]): string {
  const note: Note = { schema: 1, key, entries: entries.filter((entry) => entry !== undefined) };
  return `${JSON.stringify(note)}\n`;
}

const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';

function isEntry(value: unknown): value is NoteEntry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Record<string, unknown>;
  const named = typeof entry['id'] === 'string' && /^[0-9a-f]{32}$/.test(entry['id']);
  return named && typeof entry['stamp'] === 'string' && isText(entry['contentType']) && isText(entry['cacheControl']);
}

/** Without waiting for a writer should a pipe stand there, which is read as empty. Windows has no such flag. */
async function readPlainFile(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return (await handle.stat()).isFile() ? await handle.readFile('utf8') : '';
  } finally {
    await handle.close();
  }
}

/**
 * The entry for this very file, or undefined: no note, a note of another file, or an invalid one. An object without an
 * entry is a file that was put there by hand; it is served all the same.
 */
export async function readNote(path: string, key: string, stamp: string): Promise<NoteEntry | undefined> {
  let note: Partial<Note> | null;
  try {
    note = JSON.parse(await readPlainFile(path));
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT' || thrown instanceof SyntaxError) return undefined;
    throw thrown;
  }
  if (note?.key !== key || !Array.isArray(note.entries)) return undefined;
  return note.entries.find((entry) => isEntry(entry) && entry.stamp === stamp);
}
