import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';

/** What Pillow and transformers made of the pictures beside it; scripts/picture/fixtures.py wrote it down. */
interface Reference {
  pictures: { name: string; width: number; height: number; pixels: string }[];
  resized: { resample: string; width: number; height: number; sha256: string }[];
  processed: { config: Record<string, unknown>; picture: string; shape: number[]; values: string }[];
}

const folder = join(import.meta.dirname, '..', 'fixtures', 'pictures');

export const picture = (name: string): Buffer => readFileSync(join(folder, name));
export const reference = JSON.parse(picture('reference.json').toString()) as Reference;
export const unpack = (text: string): Buffer => inflateSync(Buffer.from(text, 'base64'));
