import { broken, PictureError } from '../picture-error.ts';
import type { PictureHeader } from './header.ts';
import { readJpegHeader } from './jpeg.ts';
import { type PngParts, readPngParts } from './png.ts';
import { readWebpHeader } from './webp.ts';

/** What is taken at most. */
export interface PictureLimits {
  /** Width times height. */
  pixels: number;
  /** Of the picture as it was sent. */
  bytes: number;
}

/** A decoded pixel is held twice for a moment, in 4 bytes each: 25 million are 200 MB. */
export const pictureLimits: PictureLimits = { pixels: 25_000_000, bytes: 32 * 1024 * 1024 };

/**
 * What a picture is, by its first bytes and whatever its media type says, held against the limits before anything is
 * decoded. Throws PictureError: 413, 415, 422.
 */
export function readHeader(bytes: Uint8Array, limits: PictureLimits = pictureLimits): PictureHeader | PngParts {
  if (bytes.length > limits.bytes)
    throw new PictureError(413, 'picture-too-large', `Pictures are taken of up to ${limits.bytes} bytes.`);
  const header = headerOf(bytes);
  const { width, height } = header;
  if (width === 0 || height === 0) throw broken('The picture has no width, or no height.');
  if (width * height > limits.pixels) {
    const got = `this one has ${width} x ${height}`;
    throw new PictureError(413, 'picture-too-large', `Pictures are taken of up to ${limits.pixels} pixels; ${got}.`);
  }
  return header;
}

function headerOf(bytes: Uint8Array): PictureHeader | PngParts {
  const magic = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12)).toString('latin1');
  if (magic.startsWith('\xff\xd8\xff')) return readJpegHeader(bytes);
  if (magic.startsWith('\x89PNG\r\n\x1a\n')) return readPngParts(bytes);
  if (magic.startsWith('RIFF') && magic.endsWith('WEBP')) return readWebpHeader(bytes);
  throw new PictureError(415, 'unsupported-media-type', 'The bytes are no JPEG, PNG or WebP picture.');
}
