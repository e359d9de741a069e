import type { PictureHeader } from '../header/header.ts';
import type { PngParts } from '../header/png.ts';
import { type PictureLimits, readHeader } from '../header/read-header.ts';
import { broken } from '../picture-error.ts';
import { jpegCodec, webpCodec } from './codecs.ts';
import { orient, type Pixels } from './pixels.ts';

/**
 * A picture as it is to be seen: 8 bits a channel, turned as EXIF asks, alpha dropped. Throws PictureError: 413, 415, 422.
 */
export async function decodePicture(bytes: Uint8Array, limits?: PictureLimits): Promise<Pixels> {
  const header = readHeader(bytes, limits);
  const pixels = await decode(bytes, header);
  if (pixels.width !== header.width || pixels.height !== header.height)
    throw broken('The picture has another size than its header states.');
  return orient(pixels, header.orientation);
}

async function decode(bytes: Uint8Array, header: PictureHeader | PngParts): Promise<Pixels> {
  if ('palette' in header) {
    const { decodePng } = await import('./png.ts');
    return decodePng(header);
  }
  return (header.format === 'jpeg' ? jpegCodec : webpCodec).decode(bytes);
}

/** Makes the codec of JPEG ready in the background, the form that most pictures come in. Never rejects. */
export const prepareCodecs = (): Promise<void> => jpegCodec.prepare();
