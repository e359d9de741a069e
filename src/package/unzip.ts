import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { IntegrityError } from '../errors.ts';
import { sha256 } from './digest.ts';
import { publishFolder } from './verified-folder.ts';
import { badZip, type IndexedEntry, readZipIndex } from './zip-index.ts';

/** Lambda's own limit for an unpacked function; no target takes more. */
const maxUnpackedBytes = 262_144_000;

/**
 * Unpacks a package into `<dir>/<sha256 of the zip>` and answers that folder's path. The digest is checked first, each
 * file's size and checksum while unpacking; the folder appears complete or not at all. Unpacked before and still intact,
 * it is left alone; damaged, it is made again. Throws IntegrityError `bad-zip`.
 */
export async function extractPackage(zip: { path: string; sha256: string }, dir: string): Promise<string> {
  const bytes = await readFile(zip.path);
  const got = sha256(bytes);
  if (got !== zip.sha256) {
    throw new IntegrityError('bad-zip', `${zip.path} has changed: expected sha256 ${zip.sha256}, got ${got}.`, {
      hint: 'Build it again: delete the file and run this once more.',
      data: { expected: zip.sha256, got },
    });
  }
  const entries = readZipIndex(bytes);
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > maxUnpackedBytes) throw badZip(`it unpacks to ${total} bytes, more than ${maxUnpackedBytes}`);
  const target = join(dir, zip.sha256);
  const isGood = (folder: string) => holds(folder, entries);
  if (!(await isGood(target))) {
    await publishFolder(target, isGood, async (temp) => {
      for (const entry of entries) await unpackEntry(bytes, entry, temp);
    });
  }
  return target;
}

/** Exactly these files with these checksums: CRC-32 finds damage, and the zip's sha256 has vouched for the list. */
async function holds(folder: string, entries: readonly IndexedEntry[]): Promise<boolean> {
  try {
    const found = await readdir(folder, { recursive: true, withFileTypes: true });
    if (found.filter((entry) => !entry.isDirectory()).length !== entries.length) return false;
    for (const entry of entries) {
      const bytes = await readFile(join(folder, entry.name));
      if (bytes.byteLength !== entry.size || crc32(bytes) !== entry.crc) return false;
    }
    return true;
  } catch {
    return false;
  }
}

async function unpackEntry(zip: Buffer, entry: IndexedEntry, into: string): Promise<void> {
  const bytes = await inflateEntry(zip, entry);
  if (bytes.byteLength !== entry.size || crc32(bytes) !== entry.crc) throw badZip(`${entry.name} is damaged`);
  const path = join(into, entry.name);
  await mkdir(dirname(path), { recursive: true });
  // Exclusive: an entry can only ever make a new file, never write through something that lies there.
  await writeFile(path, bytes, { flag: 'wx', mode: 0o644 });
}

async function inflateEntry(zip: Buffer, entry: IndexedEntry): Promise<Uint8Array> {
  const stored = zip.subarray(entry.dataOffset, entry.dataOffset + entry.storedSize);
  if (entry.method === 0) return stored;
  try {
    // One byte over what is allowed, so that a file which is larger than stated shows as such and fills no memory.
    return await promisify(inflateRaw)(stored, { maxOutputLength: entry.size + 1 });
  } catch (error) {
    throw badZip(`${entry.name} cannot be unpacked (${(error as Error).message})`);
  }
}
