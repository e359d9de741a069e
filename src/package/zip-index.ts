import { IntegrityError } from '../errors.ts';

/** One file of an archive as its central directory states it; nothing of it has been believed yet. */
export interface IndexedEntry {
  name: string;
  method: 0 | 8;
  crc: number;
  /** Bytes in the archive, and unpacked. */
  storedSize: number;
  size: number;
  /** Where its bytes begin. */
  dataOffset: number;
}

const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
/** Bits 0 (encrypted), 6 (strong encryption) and 13 (masked): we read plain entries. */
const encrypted = 0x2041;
const fileTypeMask = 0o170000;
const regularFile = 0o100000;

export function badZip(message: string, data?: Record<string, unknown>): IntegrityError {
  return new IntegrityError('bad-zip', `The package is not usable: ${message}.`, {
    hint: 'Build it again; nothing was unpacked.',
    ...(data && { data }),
  });
}

/**
 * Reads the list of files, refusing everything that our own packages never have: names that leave the folder, links and
 * devices, names twice (also where a file system ignores case), encryption, zip64, entries that lie over one another.
 * `allowed` is `any` for names of archives that are never unpacked into a folder. Throws IntegrityError `bad-zip`.
 */
export function readZipIndex(zip: Buffer, allowed: 'plain' | 'any' = 'plain'): IndexedEntry[] {
  const end = findEnd(zip);
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  const entries: IndexedEntry[] = [];
  const names = new Set<string>();
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || zip.readUInt32LE(at) !== centralSignature) throw badZip('its list of files is damaged');
    const entry = readEntry(zip, at, end);
    if (allowed === 'plain') checkName(entry.name);
    const folded = allowed === 'plain' ? entry.name.toLowerCase() : entry.name;
    if (names.has(folded)) throw badZip(`${entry.name} is in it twice`);
    names.add(folded);
    entries.push(entry);
    at += 46 + zip.readUInt16LE(at + 28) + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  checkApart(entries);
  return entries;
}

function findEnd(zip: Buffer): number {
  // The record may be followed by a comment of up to 65,535 bytes.
  for (let at = zip.byteLength - 22; at >= Math.max(0, zip.byteLength - 22 - 0xffff); at--) {
    if (zip.readUInt32LE(at) !== endSignature) continue;
    if (zip.readUInt16LE(at + 10) === 0xffff || zip.readUInt32LE(at + 16) === 0xffffffff) throw badZip('it is a zip64');
    return at;
  }
  throw badZip('it has no end record, so it is no zip or was cut off');
}

function readEntry(zip: Buffer, at: number, end: number): IndexedEntry {
  const name = zip.subarray(at + 46, at + 46 + zip.readUInt16LE(at + 28)).toString('utf8');
  if (zip.readUInt16LE(at + 8) & encrypted) throw badZip(`${name} is encrypted`);
  const method = zip.readUInt16LE(at + 10);
  if (method !== 0 && method !== 8) throw badZip(`${name} is compressed by method ${method}`);
  const type = (zip.readUInt32LE(at + 38) >>> 16) & fileTypeMask;
  if (type !== 0 && type !== regularFile) throw badZip(`${name} is not a regular file`);
  const local = zip.readUInt32LE(at + 42);
  if (local + 30 > end || zip.readUInt32LE(local) !== localSignature) throw badZip(`${name} has no header`);
  const entry: IndexedEntry = {
    name,
    method,
    crc: zip.readUInt32LE(at + 16),
    storedSize: zip.readUInt32LE(at + 20),
    size: zip.readUInt32LE(at + 24),
    dataOffset: local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28),
  };
  if (entry.dataOffset + entry.storedSize > end) throw badZip(`${name} was cut off`);
  return entry;
}

/** A closed alphabet: nothing that leaves the folder, hides a drive or a device, or means another file elsewhere. */
const safePart = /^[A-Za-z0-9@_+.-]+$/;

function checkName(name: string): void {
  const parts = name.split('/');
  const isSafe = name.length <= 255 && parts.every((part) => safePart.test(part) && part !== '.' && part !== '..');
  if (!isSafe) throw badZip(`it names a file ${JSON.stringify(name.slice(0, 80))}, which is no plain relative path`);
}

/** Overlapping entries are how a small archive unpacks to an enormous one. */
function checkApart(entries: readonly IndexedEntry[]): void {
  const sorted = [...entries].sort((a, b) => a.dataOffset - b.dataOffset);
  for (const [index, entry] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next && entry.dataOffset + entry.storedSize > next.dataOffset)
      throw badZip(`${entry.name} overlaps ${next.name}`);
  }
}
