import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import { sha256 } from './digest.ts';
import { readPackage } from './package-cache.ts';
import { type ExpectedFile, folderMatches, publishFolder } from './verified-folder.ts';
import { badZip, type IndexedEntry, readZipIndex } from './zip-index.ts';

/** Lambda's own limit for an unpacked function; no target takes more. */
const maxUnpackedBytes = 262_144_000;

/** What packages unpack to, by digest of the zip: one process unpacks the same package for each start it measures. */
const contents = new Map<string, Promise<readonly ExpectedFile[]>>();

/**
 * Unpacks a package into `<dir>/<sha256 of the zip>` and answers that folder's path. The digest is checked first, each
 * file's size and checksum while unpacking; the folder appears complete or not at all. Unpacked before and still the very
 * bytes of the zip, it is left alone; changed, it is made again. Throws IntegrityError `bad-zip`.
 */
export async function extractPackage(zip: { path: string; sha256: string }, dir: string): Promise<string> {
  const bytes = await readPackage(zip);
  const entries = readZipIndex(bytes);
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > maxUnpackedBytes) throw badZip(`it unpacks to ${total} bytes, more than ${maxUnpackedBytes}`);
  const target = join(dir, zip.sha256);
  const files = contents.get(zip.sha256) ?? listFiles(bytes, entries);
  contents.set(zip.sha256, files);
  const expected = await files;
  const isGood = (folder: string) => folderMatches(folder, expected);
  if (!(await isGood(target))) {
    await publishFolder(target, isGood, async (temp) => {
      for (const entry of entries) await unpackEntry(bytes, entry, temp);
    });
  }
  return target;
}

/**
 * The files of an archive in memory, under any names. Throws IntegrityError `bad-zip`, also for one that unpacks to more
 * than `maxBytes`.
 */
export async function readZipFiles(zip: Buffer, maxBytes: number): Promise<Map<string, Uint8Array>> {
  const entries = readZipIndex(zip, 'any');
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  if (total > maxBytes) throw badZip(`it unpacks to ${total} bytes, more than ${maxBytes}`);
  const files = new Map<string, Uint8Array>();
  for (const entry of entries) files.set(entry.name, await inflateEntry(zip, entry));
  return files;
}

/** The zip's own checksums find damage alone: other bytes of one CRC-32 are easily made. */
async function listFiles(zip: Buffer, entries: readonly IndexedEntry[]): Promise<readonly ExpectedFile[]> {
  const files: ExpectedFile[] = [];
  for (const entry of entries) {
    files.push({ name: entry.name, size: entry.size, sha256: sha256(await inflateEntry(zip, entry)) });
  }
  return files;
}

async function unpackEntry(zip: Buffer, entry: IndexedEntry, into: string): Promise<void> {
  const bytes = await inflateEntry(zip, entry);
  const path = join(into, entry.name);
  await mkdir(dirname(path), { recursive: true });
  // Exclusive: an entry can only ever make a new file, never write through something that is there.
  await writeFile(path, bytes, { flag: 'wx', mode: 0o644 });
}

/** The bytes of an entry, of the size and checksum that the zip states. */
async function inflateEntry(zip: Buffer, entry: IndexedEntry): Promise<Uint8Array> {
  const stored = zip.subarray(entry.dataOffset, entry.dataOffset + entry.storedSize);
  const bytes = entry.method === 0 ? stored : await inflated(stored, entry);
  if (bytes.byteLength !== entry.size || crc32(bytes) !== entry.crc) throw badZip(`${entry.name} is damaged`);
  return bytes;
}

async function inflated(stored: Uint8Array, entry: IndexedEntry): Promise<Uint8Array> {
  try {
    // One byte over what is allowed, so that a file which is larger than stated shows as such and fills no memory.
    return await promisify(inflateRaw)(stored, { maxOutputLength: entry.size + 1 });
  } catch (error) {
    throw badZip(`${entry.name} cannot be unpacked (${(error as Error).message})`);
  }
}
