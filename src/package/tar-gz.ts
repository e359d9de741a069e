import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { IntegrityError } from '../errors.ts';
import { finished, type JoinableFile } from './joinable.ts';
import { unpacksTo } from './share-deflated.ts';
import { tarEnd, tarHeader, tarPadding } from './tar.ts';

export interface TarGz {
  bytes: Buffer;
  /** Of the tar inside, hexadecimal: what an image's configuration names a layer by. */
  tarSha256: string;
}

/** gzip, deflate, no flags, time 0, no hint of the level, unknown system. RFC 1952, section 2.3. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** Longest stored block of deflate, bytes. */
const maxStored = 0xffff;

/** A block of deflate that holds the bytes as they are and ends on a byte boundary. RFC 1951, section 3.2.4. */
function storedBlock(bytes: Uint8Array): Buffer {
  if (bytes.byteLength > maxStored) throw new RangeError('too long for a stored block');
  const head = Buffer.alloc(5);
  head.writeUInt16LE(bytes.byteLength, 1);
  head.writeUInt16LE(bytes.byteLength ^ 0xffff, 3);
  return Buffer.concat([head, bytes]);
}

/**
 * A `.tar.gz` that is a function of names and bytes alone: sorted by code unit, owner, time and modes fixed. One member of
 * gzip, made of the compressed files that the zip is made of, so that a changed bundle does not compress the runtime
 * again; what the tar has between them is not compressed.
 * @param root folder that the files lie in, such as `var/task`; none by default
 * Throws RangeError for what the plain formats cannot hold and for a repeated name, and IntegrityError `cache-damaged`
 * where the compressed files are not those of the entries.
 */
export async function writeTarGz(entries: readonly JoinableFile[], root?: string): Promise<TarGz> {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1));
  const hash = createHash('sha256');
  const parts: Uint8Array[] = [];
  let [crc, size] = [0, 0];
  const add = (plain: Uint8Array, packed: Uint8Array): void => {
    hash.update(plain);
    crc = crc32(plain, crc);
    size += plain.byteLength;
    parts.push(packed);
  };
  const addStored = (plain: Buffer): void => add(plain, storedBlock(plain));
  const above = root === undefined ? '' : `${root}/`;
  for (const name of foldersOf(above)) addStored(tarHeader({ name, size: 0 }));
  for (const [index, { name, bytes, joinable }] of sorted.entries()) {
    if (name === sorted[index + 1]?.name) throw new RangeError(`two entries of the name ${name}`);
    addStored(tarHeader({ name: above + name, size: bytes.byteLength }));
    add(bytes, joinable);
    addStored(tarPadding(bytes.byteLength));
  }
  addStored(tarEnd);
  const tarSha256 = hash.digest('hex');
  const body = finished(Buffer.concat(parts));
  // Each file unpacks by itself, which does not say that nothing of it reaches into the next one.
  if (!(await unpacksTo(body, { sha256: tarSha256, size }))) throw damaged();
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(size % 2 ** 32, 4);
  return { bytes: Buffer.concat([gzipHeader, body, trailer]), tarSha256 };
}

/** `var/`, `var/task/` of `var/task/`. */
const foldersOf = (path: string): string[] => [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index + 1));

const damaged = (): IntegrityError =>
  new IntegrityError('cache-damaged', 'The compressed files of the package do not unpack to the files.', {
    hint: 'Somebody else writes to this cache: delete its folder `deflated`, or name a private folder with COLDGATE_CACHE.',
  });
