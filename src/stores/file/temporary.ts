import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, lstat, open, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Body } from '../store.ts';
import type { FileContext } from './context.ts';
import { errnoOf, explained } from './fault.ts';
import { makeOwnFolders } from './folders.ts';
import { stampOf } from './note.ts';
import { writeBody } from './writer.ts';

/** A complete file, safe on disk, that no key names yet. */
export interface Temporary {
  path: string;
  /** Of this write: random, never used twice. */
  id: string;
  stamp: string;
  /** By the file system's clock. */
  written: Date;
}

/** Names this machine (or container) in file names without saying its name. */
export const hostTag = (): string => createHash('sha256').update(hostname()).digest('hex').slice(0, 8);

const newId = (): string => randomUUID().replaceAll('-', '');

const temporaryPath = (context: FileContext, id: string): string =>
  join(context.layout.temporaries, `${hostTag()}-${process.pid}-${id}`);

export async function discard(path: string): Promise<void> {
  // Gone already where it was moved into place; what cannot be removed now is swept later.
  await unlink(path).catch(() => {});
}

/** Streams the body to a temporary file and makes it durable. Leaves nothing when the source or the disk fails. */
export async function writeTemporary(context: FileContext, key: string, body: Body): Promise<Temporary> {
  const ours = <T>(work: () => Promise<T>) => explained('write', { store: context.store, key }, work);
  const id = newId();
  const path = temporaryPath(context, id);
  const handle = await ours(() => openTemporary(context, path));
  try {
    context.onStep('temporary-opened');
    await writeBody(handle, body, ours);
    context.onStep('temporary-written');
    await ours(() => handle.sync());
    await ours(() => handle.close());
    // After closing, which is when some network file systems settle the time.
    const file = await ours(() => lstat(path, { bigint: true }));
    context.onStep('temporary-synced');
    return { path, id, stamp: stampOf(file), written: new Date(Number(file.mtimeMs)) };
  } catch (thrown) {
    await handle.close().catch(() => {});
    await discard(path);
    throw thrown;
  }
}

/** The driver's own folders are made once, and again where someone took them away. */
async function openTemporary(context: FileContext, path: string): Promise<FileHandle> {
  if (!context.prepared) await makeOwnFolders(context);
  try {
    return await open(path, 'wx');
  } catch (thrown) {
    if (errnoOf(thrown) !== 'ENOENT') throw thrown;
    await makeOwnFolders(context);
    return open(path, 'wx');
  }
}

/** The same for a small text, as part of an explained operation. */
export async function writeSmallTemporary(context: FileContext, text: string, durable: boolean): Promise<string> {
  const path = temporaryPath(context, newId());
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    if (durable) await handle.sync();
  } finally {
    await handle.close();
  }
  return path;
}
