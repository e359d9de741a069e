import { crc32 } from 'node:zlib';

export interface ZipEntry {
  /** `/`-separated, relative, no `.` or `..` parts. */
  name: string;
  bytes: Uint8Array;
  /** Raw deflate of `bytes`. */
  deflated: Uint8Array;
  /** Anything but these two would leak the umask of the machine that built. Default 0o644. */
  mode?: 0o644 | 0o755;
}

/** 1980-01-01 00:00, the first time that a zip can hold, in the format's local time: the same in every time zone. */
const dosDate = 0x0021;
const dosTime = 0;
const localSignature = 0x04034b50;
const centralSignature = 0x02014b50;
const endSignature = 0x06054b50;
/** Version 2.0 (deflate, folders), made on Unix so that modes count. */
const versionNeeded = 20;
const madeByUnix = (3 << 8) | versionNeeded;
/** Bit 11: names are UTF-8. Set only where a name is not ASCII, as every other writer does. */
const utf8Flag = 0x0800;
const regularFile = 0o100000;

interface Placed {
  name: Buffer;
  flags: number;
  method: 0 | 8;
  crc: number;
  stored: Uint8Array;
  size: number;
  mode: number;
  offset: number;
}

/**
 * A zip that is a function of names and bytes alone: sorted by code unit, fixed time and modes, no extra fields, no data
 * descriptors. Throws RangeError for what the plain format cannot hold (4 GiB, 65,535 entries) and for a repeated name.
 * Format: PKWARE APPNOTE 6.3, sections 4.3.7, 4.3.12, 4.3.16.
 */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const parts: Uint8Array[] = [];
  const placed: Placed[] = [];
  let offset = 0;
  for (const [index, entry] of sorted.entries()) {
    if (entry.name === sorted[index + 1]?.name) throw new RangeError(`two entries of the name ${entry.name}`);
    const item = place(entry, offset);
    const header = localHeader(item);
    parts.push(header, item.name, item.stored);
    offset += header.byteLength + item.name.byteLength + item.stored.byteLength;
    placed.push(item);
  }
  const central = placed.flatMap((item) => [centralHeader(item), item.name]);
  const centralSize = central.reduce((sum, part) => sum + part.byteLength, 0);
  if (placed.length > 0xfffe || offset + centralSize > 0xfffffffe) throw new RangeError('too large for a plain zip');
  return Buffer.concat([...parts, ...central, endRecord(placed.length, centralSize, offset)]);
}

function place(entry: ZipEntry, offset: number): Placed {
  const pays = entry.deflated.byteLength < entry.bytes.byteLength;
  const name = Buffer.from(entry.name, 'utf8');
  return {
    name,
    flags: name.byteLength === entry.name.length ? 0 : utf8Flag,
    method: pays ? 8 : 0,
    crc: crc32(entry.bytes),
    stored: pays ? entry.deflated : entry.bytes,
    size: entry.bytes.byteLength,
    mode: regularFile | (entry.mode ?? 0o644),
    offset,
  };
}

/** The fields that local and central header share, from `version needed` to `extra field length`. */
function writeShared(into: Buffer, at: number, item: Placed): void {
  into.writeUInt16LE(versionNeeded, at);
  into.writeUInt16LE(item.flags, at + 2);
  into.writeUInt16LE(item.method, at + 4);
  into.writeUInt16LE(dosTime, at + 6);
  into.writeUInt16LE(dosDate, at + 8);
  into.writeUInt32LE(item.crc, at + 10);
  into.writeUInt32LE(item.stored.byteLength, at + 14);
  into.writeUInt32LE(item.size, at + 18);
  into.writeUInt16LE(item.name.byteLength, at + 22);
}

function localHeader(item: Placed): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(localSignature, 0);
  writeShared(header, 4, item);
  return header;
}

function centralHeader(item: Placed): Buffer {
  const header = Buffer.alloc(46);
  header.writeUInt32LE(centralSignature, 0);
  header.writeUInt16LE(madeByUnix, 4);
  writeShared(header, 6, item);
  header.writeUInt32LE((item.mode << 16) >>> 0, 38);
  header.writeUInt32LE(item.offset, 42);
  return header;
}

function endRecord(count: number, size: number, offset: number): Buffer {
  const record = Buffer.alloc(22);
  record.writeUInt32LE(endSignature, 0);
  record.writeUInt16LE(count, 8);
  record.writeUInt16LE(count, 10);
  record.writeUInt32LE(size, 12);
  record.writeUInt32LE(offset, 16);
  return record;
}
