import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInflateRaw } from 'node:zlib';
import type { Logger } from '../log.ts';
import { type FolderCache, quietly } from './folder-cache.ts';
import { finished } from './joinable.ts';

/** Where compressed files of packages are shared between runs. */
export interface SharedDeflated {
  sharedCache?: FolderCache | undefined;
  log: Logger;
}

/** A place in it: the folder is part of what the cache knows an entry by, so all runs name the same one. */
export interface SharedFolder {
  folder: string;
  /** Names compressor, settings and input: the file of one version of the runtime for one CPU. */
  key: string;
  input: Compressed;
}

/** What was compressed: sha256 (hexadecimal) and bytes. */
export interface Compressed {
  sha256: string;
  size: number;
}

/** What another run has compressed. Others write to that cache too: only what unpacks to the very input is taken. */
export async function restoreDeflated(place: SharedFolder, options: SharedDeflated): Promise<Uint8Array | undefined> {
  const { sharedCache, log } = options;
  if (!sharedCache) return undefined;
  try {
    if (!(await quietly(log, 'restore from', () => sharedCache.restore(place.folder, place.key)))) return undefined;
    const deflated = await readFile(join(place.folder, 'deflated')).catch(() => undefined);
    if (deflated && (await unpacksTo(finished(deflated), place.input))) return deflated;
    log.warn(`The shared cache holds damaged bytes under ${place.key}; compressing the file instead.`);
    return undefined;
  } finally {
    await rm(place.folder, { recursive: true, force: true });
  }
}

/** Keeps it for other runs. Never fails. */
export async function saveDeflated(place: SharedFolder, deflated: Uint8Array, options: SharedDeflated): Promise<void> {
  const { sharedCache, log } = options;
  if (!sharedCache) return;
  await quietly(log, 'save to', async () => {
    await mkdir(place.folder, { recursive: true });
    await writeFile(join(place.folder, 'deflated'), deflated);
    await sharedCache.save(place.folder, place.key);
  });
  await rm(place.folder, { recursive: true, force: true });
}

/**
 * Whether the bytes are one deflate stream of this input with nothing behind it. Any user may have written them: an
 * entry's digest only shows that the entry is undamaged. Some 0.2 s for the runtime, where compressing takes 3 s.
 */
export async function unpacksTo(deflated: Uint8Array, input: Compressed): Promise<boolean> {
  const inflating = createInflateRaw({ chunkSize: 1 << 20 });
  const hash = createHash('sha256');
  let size = 0;
  try {
    inflating.end(deflated);
    for await (const chunk of inflating as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength;
      if (size > input.size) return false;
      hash.update(chunk);
    }
  } catch {
    return false;
  }
  return size === input.size && inflating.bytesWritten === deflated.byteLength && hash.digest('hex') === input.sha256;
}
