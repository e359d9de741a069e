import { broken, truncated, unsupported } from '../picture-error.ts';
import { orientationOf } from './exif.ts';
import type { PictureHeader } from './header.ts';

const animated = 0b10;

type Size = Pick<PictureHeader, 'width' | 'height'>;

/**
 * Reads sizes and orientation. Throws PictureError 422, also where the extended header states another size than the
 * pixels have. https://developers.google.com/speed/webp/docs/riff_container
 */
export function readWebpHeader(bytes: Uint8Array): PictureHeader {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 8 + all.readUInt32LE(4);
  if (end > all.length) throw truncated();
  let canvas: Size | undefined;
  let pixels: Size | undefined;
  let orientation = 1;
  for (let at = 12; at + 8 <= end; ) {
    const [type, length] = [all.toString('latin1', at, at + 4), all.readUInt32LE(at + 4)];
    if (at + 8 + length > end) throw truncated();
    const chunk = all.subarray(at + 8, at + 8 + length);
    if (type === 'VP8X') canvas ??= canvasOf(chunk);
    else if (type === 'VP8 ') pixels ??= sizeOfLossy(chunk);
    else if (type === 'VP8L') pixels ??= sizeOfLossless(chunk);
    else if (type === 'EXIF') orientation = orientationOf(chunk);
    at += 8 + length + (length % 2);
  }
  if (!pixels) throw broken('The WebP picture has no pixels.');
  if (canvas && (canvas.width !== pixels.width || canvas.height !== pixels.height))
    throw broken('The WebP picture states two sizes.');
  return { format: 'webp', ...pixels, depth: 8, orientation };
}

function canvasOf(chunk: Buffer): Size {
  if (chunk.length < 10) throw broken('The header of the WebP picture is too short.');
  if ((chunk.readUInt8(0) & animated) !== 0) throw unsupported('The WebP picture moves: send one that does not.');
  return { width: chunk.readUIntLE(4, 3) + 1, height: chunk.readUIntLE(7, 3) + 1 };
}

/** https://www.rfc-editor.org/rfc/rfc6386#section-9.1 */
function sizeOfLossy(chunk: Buffer): Size {
  if (chunk.length < 10 || chunk.readUIntBE(3, 3) !== 0x9d012a) throw broken('The WebP picture has no key frame.');
  return { width: chunk.readUInt16LE(6) & 0x3fff, height: chunk.readUInt16LE(8) & 0x3fff };
}

/** https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification#3_riff_header */
function sizeOfLossless(chunk: Buffer): Size {
  if (chunk.length < 5 || chunk.readUInt8(0) !== 0x2f) throw broken('The WebP picture has no header of its pixels.');
  const bits = chunk.readUInt32LE(1);
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
}
