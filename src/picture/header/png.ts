import { crc32 } from 'node:zlib';
import { broken, truncated, unsupported } from '../picture-error.ts';
import { orientationOf } from './exif.ts';
import type { PictureHeader } from './header.ts';

/** The chunks that decoding takes. https://www.w3.org/TR/png-3/#11Chunks */
export interface PngParts extends PictureHeader {
  format: 'png';
  /** 0 grey, 2 colour, 3 palette, 4 grey with alpha, 6 colour with alpha. */
  colour: number;
  interlaced: boolean;
  /** Three bytes an entry; empty but for pictures with one. */
  palette: Uint8Array;
  /** The compressed pixels, in the chunks that they came in. */
  data: Uint8Array[];
}

const depths: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

/** Reads all chunks, decodes nothing. Throws PictureError 422. */
export function readPngParts(bytes: Uint8Array): PngParts {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let parts: PngParts | undefined;
  let ended = false;
  for (let at = 8; !ended; ) {
    if (at + 12 > all.length) throw truncated();
    const length = all.readUInt32BE(at);
    const end = at + 12 + length;
    if (end > all.length) throw truncated();
    const type = all.toString('latin1', at + 4, at + 8);
    const data = all.subarray(at + 8, at + 8 + length);
    // Of chunks that change nothing here (their first letter is small) nobody needs to know whether they are whole.
    if (/^[A-Z]/.test(type) && crc32(all.subarray(at + 4, at + 8 + length)) !== all.readUInt32BE(end - 4))
      throw broken(`A part of the PNG picture (${type}) is not what it was when it was written.`);
    if (!parts) parts = readIhdr(type, data);
    else if (type === 'PLTE') parts.palette = data;
    else if (type === 'IDAT') parts.data.push(data);
    else if (type === 'eXIf') parts.orientation = orientationOf(data);
    ended = type === 'IEND';
    at = end;
  }
  if (!parts || parts.data.length === 0) throw broken('The PNG picture has no pixels.');
  if (parts.colour === 3 && parts.palette.length === 0) throw broken('The PNG picture has no palette.');
  return parts;
}

function readIhdr(type: string, data: Buffer): PngParts {
  if (type !== 'IHDR' || data.length !== 13) throw broken('The PNG picture does not begin with its header.');
  const [width, height] = [data.readUInt32BE(0), data.readUInt32BE(4)];
  const [depth = 0, colour = 0, compression, filter, interlace = 0] = data.subarray(8);
  if (!depths[colour]?.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1)
    throw unsupported('The PNG picture is of a kind that the standard does not have.');
  return {
    ...{ format: 'png', width, height, depth, orientation: 1, colour, interlaced: interlace === 1 },
    ...{ palette: new Uint8Array(), data: [] },
  };
}
