import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jpegCodec } from '../../src/picture/decode/codecs.ts';
import { decodePicture, prepareCodecs } from '../../src/picture/decode/decode.ts';
import { orient, type Pixels } from '../../src/picture/decode/pixels.ts';
import { readHeader } from '../../src/picture/header/read-header.ts';
import { PictureError } from '../../src/picture/picture-error.ts';
import { picture, reference, unpack } from './reference.ts';

const largest = 2;

function differenceOf({ width, height, stride, data }: Pixels, expected: Buffer): number {
  let most = 0;
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < 3; channel++) {
      const [got, want] = [data[at * stride + channel] as number, expected[at * 3 + channel] as number];
      most = Math.max(most, Math.abs(got - want));
    }
  }
  return most;
}

/** The same numbers for the same seed. */
function numbers(seed: number): () => number {
  let last = seed;
  return () => {
    last = (Math.imul(last, 1103515245) + 12345) & 0x7fffffff;
    return last >> 8;
  };
}

const refusal = (bytes: Uint8Array): Promise<unknown> =>
  decodePicture(bytes).then(
    () => 'decoded',
    (error: unknown) => (error instanceof PictureError ? [error.status, error.code] : error),
  );

describe('pictures', () => {
  it.each(reference.pictures)('$name has the pixels that Pillow shows', async ({ name, width, height, pixels }) => {
    const decoded = await decodePicture(picture(name));
    expect([decoded.width, decoded.height]).toEqual([width, height]);
    const difference = differenceOf(decoded, unpack(pixels));
    expect(difference).toBeLessThanOrEqual(largest);
  });

  it('are of more than forty kinds', () => {
    expect(reference.pictures.length).toBeGreaterThan(40);
  });

  it('are read again after a codec was made ready ahead, and after one failed', async () => {
    await prepareCodecs();
    const whole = picture('jpeg-420.jpg');
    // Ends the codec's program, which says that it has no such conversion; headers keep such pictures away from it.
    await expect(jpegCodec.decode(picture('refused-cmyk.jpg'))).rejects.toBeInstanceOf(PictureError);
    expect((await decodePicture(whole)).width).toBe(33);
  });

  it('turn into what they were when they are turned back', () => {
    const pixels: Pixels = { width: 3, height: 2, stride: 3, data: Uint8Array.from({ length: 18 }, (_, at) => at) };
    const back = [1, 2, 3, 4, 5, 8, 7, 6];
    for (let turn = 1; turn <= 8; turn++) {
      const again = orient(orient(pixels, turn), back[turn - 1] as number);
      expect([turn, again.width, [...again.data]]).toEqual([turn, 3, [...pixels.data]]);
    }
  });
});

describe('pictures that are not taken', () => {
  it.each(['refused-cmyk.jpg', 'refused-animated.webp'])('%s', async (name) => {
    expect(await refusal(picture(name))).toEqual([422, 'unsupported-picture']);
  });

  it('are of no known kind, whatever they are called', async () => {
    for (const text of ['', 'GIF89a', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'BM', 'RIFF1234WAVE', '%PDF-1.7'])
      expect([text, await refusal(Buffer.from(text))]).toEqual([text, [415, 'unsupported-media-type']]);
  });

  it('break off: each cut is named as such, or as broken', async () => {
    for (const name of [
      'jpeg-420.jpg',
      'jpeg-progressive.jpg',
      'png-rgb.png',
      'webp-lossy.webp',
      'webp-lossless.webp',
    ]) {
      const whole = picture(name);
      for (let part = 1; part < 12; part++) {
        const cut = whole.subarray(0, Math.max(12, Math.floor((whole.length * part) / 12)));
        expect([name, part, await refusal(cut)]).toEqual([name, part, [422, 'broken-picture']]);
      }
    }
  });

  it('are larger than the limits, by what their heads say', () => {
    const png = Buffer.from(picture('png-rgb.png'));
    const limits = { pixels: 500, bytes: 1_000_000 };
    expect(() => readHeader(png, limits)).toThrow(expect.objectContaining({ status: 413, code: 'picture-too-large' }));
    expect(() => readHeader(png, { pixels: 1e6, bytes: 100 })).toThrow(expect.objectContaining({ status: 413 }));
    expect(readHeader(png, { pixels: 682, bytes: 1_000_000 })).toMatchObject({ format: 'png', width: 31, height: 22 });
  });

  it('announce less than they hold', async () => {
    const jpeg = Buffer.from(picture('jpeg-444.jpg'));
    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    jpeg.writeUInt16BE(60_000, frame + 5);
    jpeg.writeUInt16BE(60_000, frame + 7);
    expect(await refusal(jpeg)).toEqual([413, 'picture-too-large']);
    const webp = Buffer.from(picture('webp-lossless-alpha.webp'));
    const at = webp.indexOf('VP8L');
    webp.writeUInt32LE(0x3fff | (0x3fff << 14), at + 9);
    expect([413, 422]).toContain(((await refusal(webp)) as number[])[0]);
  });

  it('are random bytes behind the magic of each format', async () => {
    const next = numbers(7);
    const heads = ['\xff\xd8\xff\xe0\x00\x10', '\x89PNG\r\n\x1a\n', 'RIFF\x40\x00\x00\x00WEBP'];
    for (let turn = 0; turn < 60; turn++) {
      const bytes = Buffer.from([...Buffer.from(heads[turn % 3] ?? '', 'latin1'), ...Array.from({ length: 90 }, next)]);
      expect(await refusal(bytes)).toEqual([422, expect.stringMatching(/^(?:broken|unsupported)-picture$/)]);
    }
  });

  it('are damaged anywhere: decoded, or refused with a reason', async () => {
    const names = readdirSync(join(import.meta.dirname, '..', 'fixtures', 'pictures')).filter((name) =>
      /^(?:jp|pn|we)/.test(name),
    );
    const next = numbers(3);
    for (const name of names) {
      const bytes = Buffer.from(picture(name));
      for (let hits = 0; hits < 3; hits++) bytes[next() % bytes.length] = next();
      const found = await refusal(bytes);
      if (found !== 'decoded') expect([name, found]).toEqual([name, [expect.any(Number), expect.any(String)]]);
    }
  });
});
