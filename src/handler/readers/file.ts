import { type BigIntStats, closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { closeFile, fileStats, openFile, readInto } from '../model/files.ts';
import { LoadError } from '../model/load-error.ts';
import { BoundedCalls } from './bounded-calls.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { Reader, ReadObject, StoredDocument } from './reader.ts';

/** Large enough that system calls do not matter, small enough that hashing one chunk does not stall requests. */
const maxChunkBytes = 1024 * 1024;

/** Nothing waits for a writer, should a pipe stand in an object's place. Windows has no such flag, and no such pipes. */
const readOnly = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Reads `<root>/<key>` files, as the file store keeps them: an object's exact bytes in a plain file. A call of the file
 * system that takes longer than `limits.stallMs` is given up; but for `readAtOnce`, which cannot be.
 */
export function openFileReader(root: string, { stallMs }: Pick<Limits, 'stallMs'> = defaultLimits): Reader {
  const folder = resolve(root);
  const calls = new BoundedCalls(stallMs);
  async function read(key: string): Promise<ReadObject>;
  async function read(key: string, options: { ifChanged: string | undefined }): Promise<ReadObject | 'unchanged'>;
  async function read(key: string, options?: { ifChanged: string | undefined }): Promise<ReadObject | 'unchanged'> {
    const file = await openKey(calls, folder, key);
    try {
      const stats = await calls.run(() => fileStats(file, { bigint: true }));
      if (!stats.isFile()) throw new LoadError('model-not-found', `${key} in ${folder} is not a file.`);
      const token = tokenOf(stats);
      if (options?.ifChanged === token) {
        letGo(file);
        return 'unchanged';
      }
      return { token, size: Number(stats.size), body: chunks(calls, file, Number(stats.size)) };
    } catch (error) {
      letGo(file);
      throw error;
    }
  }
  return {
    url: pathToFileURL(folder).href,
    remote: false,
    read,
    readAtOnce: (key) => readAtOnce(folder, key),
  };
}

/** What takes longer to read than a turn of the event loop does is left to it. */
const maxAtOnce = 256 * 1024;

function readAtOnce(folder: string, key: string): StoredDocument | undefined {
  const path = pathOf(folder, key);
  let file: number | undefined;
  try {
    file = openSync(path, readOnly);
    const stats = fstatSync(file, { bigint: true });
    if (!stats.isFile() || stats.size > maxAtOnce) return undefined;
    return { bytes: readFileSync(file), token: tokenOf(stats) };
  } catch (error) {
    throw unreadable(error, { key, folder, path });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The store replaces files by rename, so a new version is another inode; ctime catches what mtime can be made to hide. */
const tokenOf = (stats: BigIntStats): string => `file:${stats.ino}-${stats.size}-${stats.mtimeNs}-${stats.ctimeNs}`;

/** Not awaited: closing a file on a mount that is gone may hang. */
function letGo(file: number): void {
  closeFile(file).catch(() => {});
}

async function openKey(calls: BoundedCalls, folder: string, key: string): Promise<number> {
  const path = pathOf(folder, key);
  try {
    return await calls.run(() => openFile(path, readOnly), letGo);
  } catch (error) {
    throw unreadable(error, { key, folder, path });
  }
}

function pathOf(folder: string, key: string): string {
  const path = join(folder, key);
  if (path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return path;
  throw new LoadError('model-not-found', `The key ${JSON.stringify(key)} leaves ${folder}.`);
}

function unreadable(error: unknown, { key, folder, path }: { key: string; folder: string; path: string }): LoadError {
  if (error instanceof LoadError) return new LoadError(error.code, `Reading ${path}: ${error.message}`, error);
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new LoadError('model-not-found', `There is no ${key} in ${folder}.`, error);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new LoadError('store-denied', `${path} may not be read by this process (${code}).`, error);
  }
  return new LoadError('store-unavailable', `Reading ${path} failed (${code ?? 'unknown'}).`, error);
}

/** Reads the next chunk while the consumer works on this one; three buffers, used in turn, spare fresh memory. */
async function* chunks(calls: BoundedCalls, file: number, size: number): AsyncGenerator<Uint8Array> {
  // A byte more than a small file has, so that one read is seen to be short.
  const chunkBytes = Math.min(maxChunkBytes, size + 1);
  const buffers = [0, 1, 2].map(() => Buffer.allocUnsafeSlow(chunkBytes));
  let last: Promise<unknown> = Promise.resolve();
  const readAt = (turn: number): Promise<{ bytesRead: number }> => {
    const buffer = buffers[turn % 3] as Buffer;
    const reading = calls.run(() => {
      const begun = readInto(file, buffer, 0, chunkBytes, turn * chunkBytes);
      last = begun;
      return begun;
    });
    // Awaited in its turn; until then a failure must not count as unhandled.
    reading.catch(() => {});
    return reading;
  };
  let next = readAt(0);
  try {
    for (let turn = 0; ; turn++) {
      const { bytesRead } = await next;
      if (bytesRead === 0) return;
      if (bytesRead === chunkBytes) next = readAt(turn + 1);
      yield (buffers[turn % 3] as Buffer).subarray(0, bytesRead);
      // Regular files are read short only at their end.
      if (bytesRead < chunkBytes) return;
    }
  } catch (error) {
    throw new LoadError('store-unavailable', 'Reading the stored file broke off.', error);
  } finally {
    // A descriptor is used again as soon as it is closed: not while anything is still read from it.
    last.catch(() => {}).finally(() => letGo(file));
  }
}
