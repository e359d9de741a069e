import { broken, truncated, unsupported } from '../picture-error.ts';
import { orientationOf } from './exif.ts';
import type { PictureHeader } from './header.ts';

/** Progressive pictures have about ten scans. Each costs a walk over all pixels, so that hundreds would be an attack. */
const maxScans = 100;

const [eoi, sos, app1] = [0xd9, 0xda, 0xe1];
/** Markers without a segment: TEM, RST0 to RST7, SOI. */
const isBare = (marker: number): boolean => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/**
 * Reads the frame and the orientation, and walks all markers to the end, so that what is cut is known before it is decoded.
 * Throws PictureError 422. https://www.w3.org/Graphics/JPEG/itu-t81.pdf (annex B)
 */
export function readJpegHeader(bytes: Uint8Array): PictureHeader {
  const walk = { frame: undefined as PictureHeader | undefined, orientation: 1, scans: 0 };
  for (let at = 2; ; ) {
    const marker = nextMarker(bytes, at);
    if (marker.code === eoi) break;
    at = marker.end;
    if (isBare(marker.code)) continue;
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    if (length < 2) throw broken('A segment of the JPEG picture states a length that cannot be.');
    if (at + length > bytes.length) throw truncated();
    const segment = bytes.subarray(at + 2, at + length);
    at += length;
    if (isFrame(marker.code)) walk.frame ??= readFrame(marker.code, segment);
    else if (marker.code === app1 && isExif(segment)) walk.orientation = orientationOf(segment);
    else if (marker.code === sos) at = endOfScan(bytes, at, ++walk.scans);
  }
  if (!walk.frame || walk.scans === 0) throw broken('The JPEG picture has no frame, or no scan.');
  return { ...walk.frame, orientation: walk.orientation };
}

/** The next marker at or after `at`; what is no marker there is passed over, as decoders do. */
function nextMarker(bytes: Uint8Array, at: number): { code: number; end: number } {
  let found = bytes.indexOf(0xff, at);
  while (found >= 0 && (bytes[found + 1] === 0xff || bytes[found + 1] === 0)) found = bytes.indexOf(0xff, found + 1);
  const code = found < 0 ? undefined : bytes[found + 1];
  if (code === undefined) throw truncated();
  return { code, end: found + 2 };
}

/** Where the marker after a scan's data is; restarts are part of the data. */
function endOfScan(bytes: Uint8Array, from: number, scans: number): number {
  if (scans > maxScans) throw broken(`The JPEG picture has more than ${maxScans} scans.`);
  for (let at = from; ; ) {
    const { code, end } = nextMarker(bytes, at);
    if (code < 0xd0 || code > 0xd7) return end - 2;
    at = end;
  }
}

const isExif = (segment: Uint8Array): boolean =>
  Buffer.from(segment.buffer, segment.byteOffset, Math.min(segment.length, 6)).toString('latin1') === 'Exif\0\0';

/** Of the frame header: sample precision, height, width, number of components. */
function readFrame(marker: number, segment: Uint8Array): PictureHeader {
  if (segment.length < 6) throw broken('The frame header of the JPEG picture is too short.');
  const head = Buffer.from(segment.buffer, segment.byteOffset, segment.length);
  const [depth, components] = [head.readUInt8(0), head.readUInt8(5)];
  if (marker > 0xc2)
    throw unsupported('JPEG pictures are taken with Huffman coding: baseline, extended or progressive.');
  if (depth !== 8) throw unsupported(`JPEG pictures are taken with 8 bits a channel, and this one has ${depth}.`);
  if (components === 4) throw unsupported('The JPEG picture has the colours of print (CMYK): save it as RGB.');
  if (components !== 1 && components !== 3)
    throw unsupported(`JPEG pictures are taken in grey or in colour, and this one has ${components} channels.`);
  return { format: 'jpeg', height: head.readUInt16BE(1), width: head.readUInt16BE(3), depth, orientation: 1 };
}
